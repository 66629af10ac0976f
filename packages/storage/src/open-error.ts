export type StoreOpenErrorCode =
  | "file_exists"
  | "backup_failed"
  | "restore_failed"
  | "no_data"
  | "data_folder_unwritable"
  | "locked_by_another_process"
  | "moved"
  | "move_differs"
  | "move_failed"
  | "move_unfinished"
  | "source_changed"
  | "target_in_use"
  | "schema_in_use"
  | "schema_newer"
  | "corrupt"
  | "server_too_old"
  | "database_refused"
  | "database_unreachable";

/** The store cannot be opened; the message says what to do. */
export class StoreOpenError extends Error {
  readonly code: StoreOpenErrorCode;

  constructor(code: StoreOpenErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "StoreOpenError";
    this.code = code;
  }
}

/** SQLite's primary result code; null for any other error. */
export function resultCodeOf(error: unknown): number | null {
  return error instanceof Error && "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : null;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
