/** API versions, newest first. The first is what publishers send; older ones are what apps with an older event version receive. */
export const API_VERSIONS = ["202412", "202410"] as const;

export type ApiVersion = (typeof API_VERSIONS)[number];

/** The version that payloads are published in, and the default of a new app. */
export const CURRENT_VERSION: ApiVersion = "202412";

export function isApiVersion(text: string): text is ApiVersion {
  return (API_VERSIONS as readonly string[]).includes(text);
}
