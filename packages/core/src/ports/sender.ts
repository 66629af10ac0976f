import type { Outcome } from "../domain/attempt.ts";
import type { App } from "../domain/directory-entries.ts";
import type { EventContent } from "../domain/event.ts";

/** One attempt to make: everything that its headers and body are computed from. */
export interface AttemptRequest {
  readonly deliveryId: string;
  readonly address: string;
  /** The app whose live secrets sign. */
  readonly app: App;
  /** As it was published; `shapedSender` brings it into the form that the app gets. */
  readonly event: EventContent;
  /** The subscription's `fields`, as they are now. */
  readonly fields: readonly string[] | undefined;
  readonly shopDomain: string;
  readonly subscriptionId: number;
  readonly subscriptionUuid: string;
  /** 1 to 8 within the round. */
  readonly attempt: number;
  readonly isReplay: boolean;
  readonly sequence: number | null;
  /** Wall time of the start, ms: goes into `webhook-timestamp`. */
  readonly at: number;
}

/**
 * Makes attempts. Never throws and never rejects: whatever happens is an outcome, and `done` is called exactly once,
 * not before `send` has returned, and within the deadline plus scheduling delay.
 */
export interface Sender {
  send(request: AttemptRequest, done: (outcome: Outcome) => void): void;
  /** Cuts off everything in flight; each ends with `aborted`. */
  abortAll(): void;
  /** Closes connections. Nothing may be sent afterwards. */
  close(): Promise<void>;
}
