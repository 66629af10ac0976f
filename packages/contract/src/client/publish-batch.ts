import { ApiError } from "./api-error.ts";
import { readBatchAnswer, type ItemAnswer } from "./batch-answer.ts";
import type { ApiClient } from "./client.ts";

export type BatchAnswer =
  | { readonly kind: "answered"; /** In the order of the events. */ readonly items: readonly ItemAnswer[] }
  /** Nothing is known of any of them: send all again, after so many ms where the server said how long. */
  | { readonly kind: "later"; readonly code: ApiError["code"]; readonly message: string; readonly waitMs: number | null };

/** Of a whole request: what one of its events may be to blame for. */
const BLAMES_AN_EVENT: ReadonlySet<number> = new Set([400, 413, 422]);

/**
 * Publishes events, each as its JSON text (payloads arrive byte for byte), in one request. Each should have an idempotency key, so that it can be sent again. Never
 * throws, but for an abort. Where the request as a whole is refused for its content, it is sent in halves until the event is found that is to blame.
 * At most 1,000 events; their order is kept where all are accepted.
 */
export async function publishBatch(client: ApiClient, events: readonly string[], signal?: AbortSignal): Promise<BatchAnswer> {
  if (events.length === 0) return { kind: "answered", items: [] };
  try {
    const { answer } = await client.send({
      method: "POST",
      path: "/platform/v1/events",
      body: { mediaType: "application/json", content: `[${events.join(",")}]` },
      isIdempotent: true,
      ...(signal === undefined ? {} : { signal }),
    });
    const items = readBatchAnswer(answer, events.length);
    if (items === null) {
      const message = `${client.origin} gave another answer than one to ${events.length} events.`;
      return { kind: "later", code: "not_genhook", message, waitMs: null };
    }
    return { kind: "answered", items };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (blamesAnEvent(error, events.length)) return findBlamed(client, events, error, signal);
    return { kind: "later", code: error.code, message: error.message, waitMs: error.retryAfterMs };
  }
}

/** A proxy's page says nothing about the events, but that a request may be too large for it. */
function blamesAnEvent({ code, status }: ApiError, events: number): boolean {
  return BLAMES_AN_EVENT.has(status) && (code !== "not_genhook" || (status === 413 && events > 1));
}

async function findBlamed(client: ApiClient, events: readonly string[], error: ApiError, signal?: AbortSignal): Promise<BatchAnswer> {
  if (events.length === 1) {
    const { code, message, member } = error;
    return { kind: "answered", items: [{ kind: "refused", code, message, member }] };
  }
  const middle = Math.ceil(events.length / 2);
  const first = await publishBatch(client, events.slice(0, middle), signal);
  if (first.kind === "later") return first;
  const second = await publishBatch(client, events.slice(middle), signal);
  if (second.kind === "answered") return { kind: "answered", items: [...first.items, ...second.items] };
  const rest = events.slice(middle).map(() => ({ kind: "later", code: second.code, message: second.message }) as const);
  return { kind: "answered", items: [...first.items, ...rest] };
}
