import { StoreOpenError } from "../open-error.ts";

/** What a failed connection says to whoever gave the URL. */
export function asOpenError(error: unknown, url: string): unknown {
  if (error instanceof StoreOpenError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = error instanceof Error && error.message !== "" ? error.message : code;
  const place = placeOf(url);
  if (code === "28P01" || code === "28000") {
    return new StoreOpenError(
      "database_refused",
      `PostgreSQL at ${place} refuses the user or its password (${message}). Check --database.`,
      error,
    );
  }
  if (code === "3D000") {
    return new StoreOpenError(
      "database_refused",
      `There is no such database at ${place} (${message}). Create it, or name another one in --database.`,
      error,
    );
  }
  if (code === "42501") {
    return new StoreOpenError(
      "database_refused",
      `The user may not make tables in the database at ${place} (${message}). Grant it CREATE on the schema.`,
      error,
    );
  }
  return new StoreOpenError(
    "database_unreachable",
    `PostgreSQL at ${place} cannot be used: ${message}. Check --database, and that the server runs.`,
    error,
  );
}

/** Where a URL leads, without its secrets. */
export function placeOf(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `${host}${pathname}`;
  } catch {
    return "the given URL";
  }
}
