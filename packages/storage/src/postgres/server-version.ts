import { StoreOpenError } from "../open-error.ts";
import type { Query } from "./database.ts";

const VERSION_MIN = 150_000;

/** Refuses a server that is too old. */
export async function checkServerVersion(query: Query): Promise<void> {
  const [server] = await query(
    "SELECT current_setting('server_version_num')::integer AS number, current_setting('server_version') AS name",
  );
  if (Number(server?.["number"]) >= VERSION_MIN) return;
  throw new StoreOpenError("server_too_old", `PostgreSQL ${String(server?.["name"])} is too old; Genhook needs 15 or newer.`);
}
