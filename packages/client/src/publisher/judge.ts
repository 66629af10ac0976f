import { ApiError, isLoss, type ErrorCode } from "@genhook/contract/client";
import type { Published } from "../event.ts";

/** What follows for one event from an answer to its batch. */
export type Verdict =
  | { readonly kind: "published"; readonly published: Omit<Published, "idempotencyKey"> }
  | { readonly kind: "refused"; readonly code: ErrorCode; readonly message: string; readonly member: string | null }
  /** Nothing is known, or nothing was written: once more. */
  | { readonly kind: "again"; readonly error: ApiError; readonly isItsOwn: boolean };

/** What follows for a whole batch from a request that failed. */
export type FailureVerdict = "again" | "smaller" | "refused";

type ItemAnswer =
  | { readonly id: string; readonly deliveries: number; readonly duplicate: boolean }
  | { readonly error: string; readonly code: ErrorCode; readonly member?: string };

/** Reads a `202`; null where it is not the answer to that many events. */
export function judgeAnswer(answer: unknown, events: number): readonly Verdict[] | null {
  const items = typeof answer === "object" && answer !== null && "events" in answer ? answer.events : null;
  if (!Array.isArray(items) || items.length !== events) return null;
  return (items as readonly ItemAnswer[]).map(judgeItem);
}

function judgeItem(item: ItemAnswer): Verdict {
  if (!("error" in item)) return { kind: "published", published: item };
  const { code, error: message, member = null } = item;
  if (code === "overloaded") return { kind: "again", error: new ApiError(code, message, { status: 503 }), isItsOwn: false };
  // The store took its neighbours and not this one: worth another try, but not a pause for all.
  if (code === "internal_error") return { kind: "again", error: new ApiError(code, message, { status: 500 }), isItsOwn: true };
  return { kind: "refused", code, message, member };
}

/** A proxy that takes less than Genhook does answers 413 to what Genhook would take: smaller batches then pass. */
export function judgeFailure(error: ApiError, events: number): FailureVerdict {
  if (error.status === 413 && events > 1) return "smaller";
  // An answer that is not Genhook's says nothing about the events, whatever it looks like.
  const isPassing = isLoss(error) || error.status === 429 || (error.code === "not_genhook" && error.status < 400);
  return isPassing ? "again" : "refused";
}
