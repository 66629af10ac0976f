import type { EventId } from "./event.ts";
import type { DeliveryReason, DeliveryState } from "./delivery.ts";

/** What went wrong with an attempt that got no usable answer; each word has a meaning in the contract's table. */
export type AttemptError =
  | "dns_failed"
  | "address_refused"
  | "connect_failed"
  | "tls_failed"
  | "timeout"
  | "connection_lost"
  | "malformed_response"
  | "headers_too_large"
  | "upgrade_refused"
  | "internal_error";

/** How one HTTP request ended. Bodies and headers are cut and masked by the sender already. */
export type Outcome =
  | {
      readonly kind: "response";
      readonly status: number;
      readonly durationMs: number;
      /** The `Retry-After` header as it came, null without one. */
      readonly retryAfter: string | null;
      /** Names and values, one pair each, `name: value` per line. */
      readonly responseHeaders: string;
      readonly responseBody: Uint8Array;
    }
  | {
      readonly kind: "failure";
      readonly error: AttemptError;
      /** For the operator: what exactly happened. Never shown to a tenant. */
      readonly detail: string;
      readonly durationMs: number;
    }
  /** Cut off by our own stop: not counted, nothing is recorded, the task stays as it is. */
  | { readonly kind: "aborted" };

/**
 * One row of a delivery's append-only log. `attempt`: one HTTP request. `ended`: the delivery became final without a
 * request (cancelled, expired). `reopened`: a replay began another round.
 */
export interface LogRow {
  readonly kind: "attempt" | "ended" | "reopened";
  readonly subscription: number;
  readonly eventId: EventId;
  /** 1, 2, 3… within the delivery. */
  readonly seq: number;
  readonly round: number;
  /** Attempts made so far over all rounds, this one included: an attempt's number, and a running count on other rows. */
  readonly n: number;
  /** Wall time of the start, ms. */
  readonly at: number;
  readonly durationMs: number;
  readonly status: number | null;
  readonly error: AttemptError | null;
  readonly detail: string | null;
  /** The address that this attempt used; empty for rows that are no attempt. */
  readonly address: string;
  readonly responseHeaders: string | null;
  readonly responseBody: Uint8Array | null;
  /** The delivery's state after this row. */
  readonly state: DeliveryState;
  readonly reason: DeliveryReason | null;
  /** When the next attempt is due, ms; null once final. */
  readonly nextAt: number | null;
  /** Internal keys, repeated here so that dead letters can be listed by shop and app. */
  readonly shop: number;
  readonly app: number;
}
