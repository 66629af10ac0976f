import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { StoreOpenError } from "../open-error.ts";

/** A file beside the data that says where the data has gone. */
export function movedMarkOf(folder: string): string {
  return join(folder, "moved-to");
}

/** Refuses data that was moved to a database: two servers that both hold what is pending would send all of it twice. */
export function refuseMoved(folder: string): void {
  const mark = movedMarkOf(folder);
  if (!existsSync(mark)) return;
  const [place = "a database", at = ""] = readFileSync(mark, "utf8").split("\n");
  throw new StoreOpenError(
    "moved",
    `The data in ${folder} was moved to ${place} on ${at}. Start with --database. Only if nothing has started on that database yet: to go on with this folder instead, remove ${mark}.`,
  );
}
