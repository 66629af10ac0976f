/** A call as it may be made, and what it may answer; shown in the documents, and held against schemas and the running server by tests. */
export interface CallExample {
  /** Values of the path, without the version. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Absent where the answer is no JSON, or this very document. */
  readonly answer?: unknown;
}
