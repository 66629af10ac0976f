import { CATCH_UP_BYTES_MAX } from "@genhook/contract";
import {
  CatchUp,
  Waiters,
  type DirectoryCommit,
  type DirectoryService,
  type InstallationTools,
  type Payloads,
  type Store,
} from "@genhook/core";
import type { Logger } from "pino";
import { CatchUpRoute } from "./http/catch-up-route.ts";
import { systemClock, systemTimers } from "./runtime/system-clock.ts";
import type { Metrics } from "./telemetry/metrics.ts";

export interface WaitersParts {
  readonly store: Store;
  readonly directory: DirectoryService;
  /** Told of every change of the directory. */
  readonly listeners: ((commit: DirectoryCommit) => void)[];
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Those who wait for events; on a change that may concern them they look again whether they may. */
export function makeWaiters({ store, directory, listeners, log, metrics }: WaitersParts): Waiters {
  const waiters = new Waiters({
    store,
    timers: systemTimers,
    onError: (error) => {
      metrics.failed("look for numbers");
      log.error({ err: error, what: "look for numbers" }, "whether there are new numbers could not be looked up; tried again");
    },
  });
  listeners.push(({ subscriptions, installations }) => {
    waiters.wake(subscriptions.map(({ id }) => id));
    // What an installation loses is not said of its webhooks.
    for (const { app, shop } of installations) waiters.wake(directory.directory.subscriptionsOf(app, shop).map(({ id }) => id));
  });
  return waiters;
}

export interface CatchUpParts {
  readonly store: Store;
  readonly tools: Pick<InstallationTools, "topics">;
  readonly payloads: Payloads;
  readonly waiters: Waiters;
}

export function makeCatchUp({ store, tools, payloads, waiters }: CatchUpParts): CatchUpRoute {
  const catchUp = new CatchUp({ store, topics: tools.topics, payloads, bytesMax: CATCH_UP_BYTES_MAX });
  return new CatchUpRoute({ catchUp, waiters, clock: systemClock });
}
