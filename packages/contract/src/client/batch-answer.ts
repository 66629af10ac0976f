import type { ApiError } from "./api-error.ts";

/** What became of one event of a batch. */
export type ItemAnswer =
  | { readonly kind: "accepted"; readonly id: string; readonly deliveries: number; readonly duplicate: boolean }
  /** It will never be taken as it is. */
  | { readonly kind: "refused"; readonly code: ApiError["code"]; readonly message: string; readonly member: string | null }
  /** It may be taken when it is sent again. */
  | { readonly kind: "later"; readonly code: ApiError["code"]; readonly message: string };

interface Item {
  readonly id?: string;
  readonly deliveries?: number;
  readonly duplicate?: boolean;
  readonly error?: string;
  readonly code?: ApiError["code"];
  readonly member?: string | null;
}

/** Of a single event: what waiting may mend. */
const MENDED_BY_WAITING: ReadonlySet<string> = new Set(["overloaded", "internal_error", "rate_limited"]);

/** Reads the `202` to a batch, in the order of its events; null where it is not an answer to that many. */
export function readBatchAnswer(answer: unknown, events: number): readonly ItemAnswer[] | null {
  const items: unknown = (answer as { readonly events?: unknown } | null)?.events;
  if (!Array.isArray(items) || items.length !== events) return null;
  const read = (items as readonly (Item | null)[]).flatMap((item) => readItem(item ?? {}) ?? []);
  return read.length === events ? read : null;
}

function readItem({ id, deliveries = 0, duplicate = false, error = "", code, member = null }: Item): ItemAnswer | null {
  if (code === undefined) return id === undefined ? null : { kind: "accepted", id, deliveries, duplicate };
  return MENDED_BY_WAITING.has(code) ? { kind: "later", code, message: error } : { kind: "refused", code, message: error, member };
}
