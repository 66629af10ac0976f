import { ReceiverError } from "./error.ts";
import type { EventFields } from "./event.ts";
import { LEASE_MS } from "./limits.ts";
import type { DeliveryStore } from "./delivery-store.ts";
import { webCrypto } from "./web-crypto.ts";

/** `duplicate`: it had been processed before, and nothing was done. */
export type Processed = "processed" | "duplicate";

export interface ReplayOptions {
  /** True: a replay is processed even when the delivery was processed before. */
  readonly acceptReplays?: boolean | undefined;
}

export interface ProcessOnceOptions extends ReplayOptions {
  /** How long the work may take, ms; 30 s unless given. After a crash the delivery is held back for so long, after a longer work it may run twice. */
  readonly leaseMs?: number | undefined;
}

/** Whether an event is to be processed although its delivery was. */
export function isWantedAgain(event: EventFields, options: ReplayOptions): boolean {
  return event.isReplay && options.acceptReplays === true;
}

/**
 * Runs `work` unless the delivery was processed before: deliveries arrive at least once, an answer that got lost is sent again under the same
 * id. When `work` throws, the claim is given up and the error goes on: answer `5xx`, and it comes again. While another attempt of the delivery is
 * being processed, throws `ReceiverError` with `delivery_in_progress`: answer `409`, for nobody knows yet how that one ends.
 *
 * Guarantee: at least once. A crash after the work and before `complete` repeats the work; where that must not be, use an inbox.
 */
export async function processOnce(
  event: EventFields,
  store: DeliveryStore,
  work: () => unknown,
  options: ProcessOnceOptions = {},
): Promise<Processed> {
  const id = event.deliveryId;
  const token = (await webCrypto()).randomUUID();
  const claim = await store.claim(id, token, options.leaseMs ?? LEASE_MS, isWantedAgain(event, options));
  if (claim === "processed") return "duplicate";
  if (claim === "in_progress") {
    throw new ReceiverError(
      "delivery_in_progress",
      `Delivery ${id} is being processed already, or was when a process died: it is taken when the lease ends.`,
    );
  }
  try {
    await work();
  } catch (error) {
    // The lease ends by itself when this fails too; what went wrong with the work matters more.
    await store.release(id, token).catch(() => undefined);
    throw error;
  }
  await store.complete(id, token);
  return "processed";
}
