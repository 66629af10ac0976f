import type { BackgroundWork } from "../background-work.ts";
import type { DirectoryService } from "../directory/directory-service.ts";
import type { Outcome } from "../domain/attempt.ts";
import type { Random, Timers } from "../ports/clock.ts";
import type { Sender } from "../ports/sender.ts";
import type { Store } from "../ports/store.ts";
import type { Settlement } from "../ports/task-queue.ts";
import type { RetryPolicy } from "./backoff.ts";
import type { EndpointObserver } from "./endpoint-records.ts";
import type { KeepResponses } from "./log-row.ts";
import type { StoreClock } from "./store-clock.ts";

export interface EngineOptions {
  /** Names this life of this process. */
  readonly node: string;
  /** False: send nothing here, and tell those that do. */
  readonly delivers: boolean;
  readonly store: Pick<Store, "isShared" | "tasks" | "ordered" | "events" | "sequences" | "leases" | "hints" | "directory" | "endpoints">;
  readonly directory: DirectoryService;
  readonly sender: Sender;
  readonly clock: StoreClock;
  readonly timers: Timers;
  readonly random: Random;
  readonly retry: RetryPolicy;
  readonly keepResponses: KeepResponses;
  readonly attemptsInFlightMax?: number;
  readonly endpointConcurrencyMax: number;
  /** The longest that an attempt takes, here and in every other process. */
  readonly attemptTimeoutMs: number;
  readonly observer: EngineObserver;
}

/** What the engine tells others; must not throw. */
export interface EngineObserver extends EndpointObserver {
  /** A subscription's endpoint answered 410, and the delivery that it answered is settled. */
  readonly onGone: (subscription: number) => void;
  /** An attempt has ended and its settlement is on its way. */
  readonly onAttempt: (settlement: Settlement, outcome: Outcome) => void;
  readonly onSettled: (settlement: Settlement, isApplied: boolean) => void;
  /** Deliveries of these subscriptions have got numbers, here or in another process. May come late, or not at all from another one. */
  readonly onNumbered: (subscriptions: readonly number[]) => void;
  /** The end of some hold has come. What it held is sent again already. */
  readonly onHoldEnded: () => void;
  readonly onError: (what: BackgroundWork, error: unknown) => void;
}
