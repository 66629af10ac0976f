import { API_HEADERS } from "@genhook/contract";

/** An answer that is no success, or no answer at all; the message says what to do. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Calls one of the two APIs. */
export interface ApiClient {
  call<Answer>(method: string, path: string, body?: unknown): Promise<Answer>;
}

export function platformClient(origin: string, key: string): ApiClient {
  return client(origin, { Authorization: `Bearer ${key}` });
}

export function appClient(origin: string, accessToken: string): ApiClient {
  return client(origin, { [API_HEADERS.accessToken]: accessToken });
}

function client(origin: string, credentials: Readonly<Record<string, string>>): ApiClient {
  return {
    async call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
      const url = new URL(path, origin);
      let response: Response;
      try {
        response = await fetch(url, {
          method,
          headers: { ...credentials, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
      } catch {
        throw new ApiError(0, "unreachable", `Nothing answers at ${url.origin}. Is genhook serve running there? Give --url otherwise.`);
      }
      const answer: unknown = await response.json().catch(() => null);
      if (response.ok) return answer as Answer;
      const { error, code } = (answer ?? {}) as { error?: string; code?: string };
      throw new ApiError(response.status, code ?? "unknown", error ?? `${url.origin} answered ${response.status}.`);
    },
  };
}
