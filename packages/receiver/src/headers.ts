import { VerificationError } from "./error.ts";

/** Headers in any of the forms that servers hand out. */
export type HeadersLike = { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

/** A header by name, whatever its case; null without one. */
export function readHeader(headers: HeadersLike, name: string): string | null {
  if ("get" in headers && typeof headers.get === "function") return headers.get(name);
  const wanted = name.toLowerCase();
  for (const [key, value] of Object.entries(headers as Record<string, string | readonly string[] | undefined>)) {
    if (key.toLowerCase() !== wanted || value === undefined) continue;
    return typeof value === "string" ? value : value.join(", ");
  }
  return null;
}

export function requireHeader(headers: HeadersLike, name: string): string {
  const value = readHeader(headers, name);
  if (value === null || value === "") throw new VerificationError("header_missing", `The request has no ${name} header.`);
  return value;
}
