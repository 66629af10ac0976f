import type { AttemptRequest, DirectoryCommit, Outcome } from "@genhook/core";

export interface Publication {
  readonly shop: string;
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly orderKey: string | undefined;
}

/** How an endpoint takes an attempt; times in ms from its start. */
export interface Answer {
  readonly outcome: Outcome;
  /** When the endpoint has the request; null: never. */
  readonly arrivesMs: number | null;
  /** When the process has the outcome. */
  readonly endsMs: number;
}

/** An installation that somebody changes something about. */
export interface Meddled {
  readonly app: number;
  readonly shop: number;
  readonly domain: string;
  readonly topic: string;
}

/** Who there is, what is published, and how endpoints answer. */
export interface Population {
  readonly commit: Partial<DirectoryCommit>;
  readonly attemptsInFlightMax: number;
  publication(n: number): Publication;
  answer(request: AttemptRequest, isOrdered: boolean): Answer;
  meddled(): Meddled;
  /** Whether operators hold everything, a topic or a shop now and then, and not apps and hosts alone. */
  readonly holdsAll: boolean;
  /** Whether deliveries of this subscription are to start within the bound, whatever its neighbours do. */
  isHealthy(subscription: number): boolean;
  /** Whether every answer of the endpoint of this subscription takes longer than what counts as slow. */
  isSlow(subscription: number): boolean;
  /** The rate that the endpoint of this subscription has from beginning to end; null where there is none. */
  rateOf(subscription: number): number | null;
}

export function response(status: number, durationMs: number, retryAfter: string | null = null): Outcome {
  return { kind: "response", status, durationMs, retryAfter, responseHeaders: "", responseBody: new Uint8Array() };
}

export function order(n: number): Uint8Array {
  return new TextEncoder().encode(`{"order":{"id":${n + 1},"parity":"${n % 2}"}}`);
}
