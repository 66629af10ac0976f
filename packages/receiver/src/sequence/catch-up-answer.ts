import type { ApiVersion } from "../generated/topics.ts";
import type { WebhookEvent } from "../event.ts";

/** `expired` has `oldest`, the oldest number that is still kept. `refused`: token, scope or id are not good. `malformed`: not what the contract says. */
export type CatchUpCode = "expired" | "refused" | "unavailable" | "malformed";

/** Why catching up ended. */
export class CatchUpError extends Error {
  readonly code: CatchUpCode;
  readonly oldest: number | null;

  constructor(code: CatchUpCode, message: string, oldest: number | null = null) {
    super(message);
    this.name = "CatchUpError";
    this.code = code;
    this.oldest = oldest;
  }
}

/** One number of a webhook. Every number has an entry, also where there is nothing to process any more. */
export type CaughtUp<Version extends ApiVersion = ApiVersion> =
  | { readonly sequence: number; readonly state: "available"; readonly event: WebhookEvent<Version> }
  | { readonly sequence: number; readonly state: "cancelled" | "erased" | "expired"; readonly reason: string | null };

/** A page of them. There is more while `last`, the highest number that the webhook has, is above its last one. */
export interface CatchUpPage<Version extends ApiVersion = ApiVersion> {
  readonly entries: readonly CaughtUp<Version>[];
  readonly last: number;
}

type Row = Readonly<Record<string, unknown>>;

/**
 * Reads an answer of `GET /app/webhooks/{id}/events`:
 * `{"events":[{"sequence","id","deliveryId","state":"available","topic","shop","apiVersion","triggeredAt","test"?,"payload"} |
 * {"sequence","id","deliveryId","state":"cancelled"|"erased"|"expired","reason"}],"last"}`.
 * Throws `CatchUpError` where it is no such thing, or where a number is skipped or comes twice.
 */
export function readCatchUp<Version extends ApiVersion>(
  answer: unknown,
  asked: { readonly webhookId: string; readonly after: number; readonly apiVersion: Version },
): CatchUpPage<Version> {
  const { events: rows, last } = (answer ?? {}) as Row;
  if (!Array.isArray(rows)) throw malformed("it has no list of events");
  if (!Number.isSafeInteger(last)) throw malformed("it does not say the last number");
  const entries = rows.map((row: Row, index): CaughtUp<Version> => {
    const sequence = row["sequence"];
    if (sequence !== asked.after + index + 1) throw malformed(`number ${asked.after + index + 1} should come, and ${String(sequence)} did`);
    const { state } = row;
    if (state === "cancelled" || state === "erased" || state === "expired") {
      return { sequence, state, reason: typeof row["reason"] === "string" ? row["reason"] : null };
    }
    if (state !== "available" || !("payload" in row)) throw malformed(`number ${sequence} has no payload`);
    return { sequence, state, event: eventOf(row, sequence, asked) };
  });
  return { entries, last: Number(last) };
}

function eventOf<Version extends ApiVersion>(
  row: Row,
  sequence: number,
  asked: { webhookId: string; apiVersion: Version },
): WebhookEvent<Version> {
  const text = (member: string): string => {
    const value = row[member];
    if (typeof value !== "string" || value === "") throw malformed(`number ${sequence} has no ${member}`);
    return value;
  };
  if (text("apiVersion") !== asked.apiVersion)
    throw malformed(`number ${sequence} has API version ${text("apiVersion")}, not ${asked.apiVersion}`);
  return {
    topic: text("topic"),
    apiVersion: asked.apiVersion,
    shopDomain: text("shop"),
    eventId: text("id"),
    deliveryId: text("deliveryId"),
    webhookId: asked.webhookId,
    triggeredAt: text("triggeredAt"),
    attempt: 0,
    isReplay: false,
    isTest: row["test"] === true,
    sequence,
    payload: row["payload"],
  } as WebhookEvent<Version>;
}

function malformed(problem: string): CatchUpError {
  return new CatchUpError("malformed", `The answer cannot be used: ${problem}.`);
}
