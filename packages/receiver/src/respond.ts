import { ReceiverError } from "./error.ts";
import type { EventFields, WebhookEvent } from "./event.ts";
import type { ApiVersion } from "./generated/topics.ts";
import type { HeadersLike } from "./headers.ts";
import type { Inbox } from "./inbox.ts";
import { BODY_BYTES_MAX } from "./limits.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import { processOnce, type ProcessOnceOptions } from "./process-once.ts";
import { receive, type ReceiveOptions } from "./receive.ts";
import type { RawBody } from "./verify/raw-body.ts";

export interface ReceiverOptions<Version extends ApiVersion = ApiVersion, Transaction = undefined>
  extends ReceiveOptions<Version>, ProcessOnceOptions {
  /**
   * Called with what is genuine, and with an inbox its open transaction. What it throws becomes `500`: the delivery is tried again. The sender waits 5 s for
   * the answer: long work goes to a queue.
   */
  readonly onEvent: (event: WebhookEvent<Version>, transaction: Transaction) => unknown;
  /** Deduplicates: `memoryStore()`, `redisStore(client)`, `postgresStore(pool)`, `sqliteStore(database)`. */
  readonly store?: DeliveryStore | undefined;
  /** Deduplicates inside the transaction of the work: `postgresInbox(pool)`, `sqliteInbox(database)`, `redisInbox(client)`. Instead of `store`. */
  readonly inbox?: Inbox<Transaction> | undefined;
  /** Is shown the number of each event that was processed: `gapDetector(…)` of `@genhook/receiver/sequence`. */
  readonly gaps?: { observe(event: EventFields): Promise<unknown> } | undefined;
  /** Told of requests that were refused; `console.warn` unless given. */
  readonly onRefused?: ((error: ReceiverError) => void) | undefined;
  /** Told of what `onEvent`, store, inbox or gap detector threw; `console.error` unless given. */
  readonly onError?: ((error: unknown, event: WebhookEvent<Version>) => void) | undefined;
  /** Largest body that is read, bytes; 1,100,000 unless given. */
  readonly bodyBytesMax?: number | undefined;
}

/** What an adapter writes back. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const TAKEN: Answer = { status: 200, headers: {}, body: "" };

/** What an adapter does once it has read the body: verify, deduplicate, work, answer. Never throws. `readBody` may throw `ReceiverError`. */
export async function respond<Version extends ApiVersion, Transaction>(
  options: ReceiverOptions<Version, Transaction>,
  headers: HeadersLike,
  readBody: (bytesMax: number) => RawBody | Promise<RawBody>,
): Promise<Answer> {
  let event: WebhookEvent<Version>;
  let isRead = false;
  try {
    const body = await readBody(options.bodyBytesMax ?? BODY_BYTES_MAX);
    isRead = true;
    event = await receive(body, headers, options);
  } catch (error) {
    if (error instanceof ReceiverError) return refuse(error, options);
    if (!isRead) return refuse(new ReceiverError("body_incomplete", `The body could not be read: ${String(error)}`), options);
    return refuse(new ReceiverError("crypto_unsupported", `The signature could not be checked: ${String(error)}`), options);
  }
  try {
    await process(event, options);
  } catch (error) {
    if (error instanceof ReceiverError && error.reason === "delivery_in_progress") return refuse(error, options);
    report(error, event, options);
    return answerOf(500, "handler_failed", "The receiver failed; send it again.");
  }
  // The work is done and remembered: a number that is not noted only looks missing, and is fetched and dropped as a duplicate.
  await options.gaps?.observe(event).catch((error: unknown) => report(error, event, options));
  return TAKEN;
}

async function process<Version extends ApiVersion, Transaction>(
  event: WebhookEvent<Version>,
  options: ReceiverOptions<Version, Transaction>,
): Promise<unknown> {
  const { inbox, store, onEvent } = options;
  if (inbox !== undefined && store !== undefined) throw new TypeError("Give the receiver a store or an inbox, not both");
  if (inbox !== undefined) return inbox.process(event, (transaction) => onEvent(event, transaction), options);
  // Without an inbox there is no transaction, and its type is `undefined`.
  const work = (): unknown => onEvent(event, undefined as Transaction);
  return store === undefined ? work() : processOnce(event, store, work, options);
}

/** An answer that the sender's log shows to whoever looks for the reason. */
function refuse(error: ReceiverError, { onRefused }: Pick<ReceiverOptions, "onRefused">): Answer {
  tell(() => {
    if (onRefused !== undefined) onRefused(error);
    else console.warn(`Webhook refused, ${error.reason}: ${error.message}`);
  });
  return answerOf(error.status, error.reason, error.message);
}

export function answerOf(status: number, code: string, error: string): Answer {
  return { status, headers: { "Content-Type": "application/json" }, body: JSON.stringify({ error, code }) };
}

function report<Version extends ApiVersion>(
  error: unknown,
  event: WebhookEvent<Version>,
  { onError }: Pick<ReceiverOptions<Version>, "onError">,
): void {
  tell(() => {
    if (onError !== undefined) onError(error, event);
    else console.error(`Webhook ${event.deliveryId} (${event.topic}) failed:`, error);
  });
}

/** A listener that throws must not cost the answer. */
function tell(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    console.error("A listener of the webhook receiver threw:", error);
  }
}
