export type StoreOpenErrorCode = "no_data" | "data_folder_unwritable" | "locked_by_another_process" | "schema_newer" | "corrupt";

/** The store cannot be opened; the message says what to do. */
export class StoreOpenError extends Error {
  readonly code: StoreOpenErrorCode;

  constructor(code: StoreOpenErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "StoreOpenError";
    this.code = code;
  }
}
