import type { Method } from "../method.ts";

/** Where a call goes. */
export interface OperationRow {
  readonly method: Method;
  /** With `:name` for parameters; `:version` is filled in by the client. */
  readonly path: string;
  readonly api: "app" | "apps" | "platform";
  /** The member of the answer that holds a page's entries; absent where the call is not paged. */
  readonly entries?: string;
}
