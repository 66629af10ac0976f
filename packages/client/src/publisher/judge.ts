import { ApiError, isLoss, readBatchAnswer, type ItemAnswer } from "@genhook/contract/client";

/** What follows for one event from an answer to its batch. */
export type Verdict =
  | Exclude<ItemAnswer, { kind: "later" }>
  /** Nothing is known, or nothing was written: once more. */
  | { readonly kind: "again"; readonly error: ApiError; readonly isItsOwn: boolean };

/** What follows for a whole batch from a request that failed. */
export type FailureVerdict = "again" | "smaller" | "refused";

/** Reads a `202`; null where it is not the answer to that many events. */
export function judgeAnswer(answer: unknown, events: number): readonly Verdict[] | null {
  return readBatchAnswer(answer, events)?.map(judgeItem) ?? null;
}

function judgeItem(item: ItemAnswer): Verdict {
  if (item.kind !== "later") return item;
  const { code, message } = item;
  // The store took its neighbours and not this one: worth another try, but not a pause for all.
  const isItsOwn = code === "internal_error";
  return { kind: "again", error: new ApiError(code, message, { status: isItsOwn ? 500 : 503 }), isItsOwn };
}

/** A proxy that takes less than Genhook does answers 413 to what Genhook would take: smaller batches then pass. */
export function judgeFailure(error: ApiError, events: number): FailureVerdict {
  if (error.status === 413 && events > 1) return "smaller";
  // An answer that is not Genhook's says nothing about the events, whatever it looks like.
  const isPassing = isLoss(error) || error.status === 429 || (error.code === "not_genhook" && error.status < 400);
  return isPassing ? "again" : "refused";
}
