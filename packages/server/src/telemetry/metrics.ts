import { BACKGROUND_WORK, type BackgroundWork, type DirectoryGauges, type EngineGauges, type LogRow, type Outcome } from "@genhook/core";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { VERSION } from "../version.ts";

export type Watched = EngineGauges &
  DirectoryGauges & {
    readonly waitingEvents: number;
    /** Calls that wait for the next event of a numbered webhook. */
    readonly waitingCalls: number;
    readonly pending: number;
    /** How long ago the oldest of what is owed was due, ms; 0 where nothing is overdue. */
    readonly overdueMs: number;
    readonly isReady: boolean;
  };

/** What is counted. Labels name no shop, app or address: their number is not bounded, and they are nobody else's business. */
export interface Metrics {
  readonly published: () => void;
  /** A group of events was written and synced, or could not be. */
  readonly committed: (events: number, durationMs: number) => void;
  readonly attempt: (row: LogRow, outcome: Outcome) => void;
  readonly settled: (row: LogRow, latencyMs: number) => void;
  readonly answered: (operation: string, status: number, durationMs: number) => void;
  readonly failed: (what: BackgroundWork | ServerWork) => void;
  /** An app was told of its endpoint, or could not be. */
  readonly noticed: (channel: "url" | "email", result: "sent" | "failed") => void;
  /** Asked at each scrape. */
  readonly watch: (read: () => Watched) => void;
  /** The exposition format of Prometheus. */
  readonly text: () => Promise<{ readonly type: string; readonly content: string }>;
  readonly close: () => void;
}

/** What the server itself can fail at, beside the work behind the scenes. */
const SERVER_WORK = ["answer", "declaration", "disable", "end a hold", "look for numbers", "publish", "replay", "retention"] as const;
type ServerWork = (typeof SERVER_WORK)[number];

const LATENCY_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60, 600];

/**
 * Counters begin at 0 with the process where their labels are known: of a series that comes with its first count Prometheus sees no increase,
 * so the first failure would raise no alert.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const build = new Gauge({
    name: "genhook_build_info",
    help: "Always 1; the version stands in the label.",
    labelNames: ["version"],
    registers,
  });
  build.set({ version: VERSION }, 1);
  return {
    ...deliveryMetrics(registers),
    ...callMetrics(registers),
    watch: (read) => watchGauges(registry, read),
    text: async () => ({ type: registry.contentType, content: await registry.metrics() }),
    close: () => registry.clear(),
  };
}

type Registers = Registry[];

/** An event's way: published, committed, attempted, settled. */
function deliveryMetrics(registers: Registers): Pick<Metrics, "published" | "committed" | "attempt" | "settled"> {
  const buckets = LATENCY_SECONDS;
  const published = new Counter({ name: "genhook_events_published_total", help: "Events accepted.", registers });
  const commits = new Histogram({
    name: "genhook_commit_seconds",
    help: "How long the store took to make a group of published events durable.",
    buckets,
    registers,
  });
  const committedEvents = new Counter({
    name: "genhook_commit_events_total",
    help: "Events in those groups: divided by genhook_commit_seconds_count, the size of a group.",
    registers,
  });
  const attempts = new Counter({
    name: "genhook_attempts_total",
    help: "Attempts by kind (first, retry, replay) and result (a status class, or what went wrong).",
    labelNames: ["kind", "result"],
    registers,
  });
  const seconds = new Histogram({ name: "genhook_attempt_seconds", help: "How long attempts took.", buckets, registers });
  const finals = new Counter({ name: "genhook_deliveries_total", help: "Deliveries by final state.", labelNames: ["state"], registers });
  const latency = new Histogram({
    name: "genhook_delivery_latency_seconds",
    help: "From acceptance to the settled success.",
    buckets,
    registers,
  });
  for (const kind of ATTEMPT_KINDS) attempts.inc({ kind, result: "2xx" }, 0);
  for (const state of ["delivered", "dead", "cancelled"]) finals.inc({ state }, 0);
  return {
    published: () => published.inc(),
    committed: (events, durationMs) => {
      commits.observe(durationMs / 1000);
      committedEvents.inc(events);
    },
    attempt: (row, outcome) => {
      if (outcome.kind === "aborted") return;
      const result = outcome.kind === "response" ? `${Math.floor(outcome.status / 100)}xx` : outcome.error;
      attempts.inc({ kind: kindOf(row), result });
      seconds.observe(outcome.durationMs / 1000);
    },
    settled: (row, latencyMs) => {
      if (row.state === "pending") return;
      finals.inc({ state: row.state });
      if (row.state === "delivered") latency.observe(latencyMs / 1000);
    },
  };
}

const ATTEMPT_KINDS = ["first", "retry", "replay"] as const;

function kindOf({ round, n }: LogRow): (typeof ATTEMPT_KINDS)[number] {
  return round > 1 ? "replay" : n > 1 ? "retry" : "first";
}

/** What is asked of this process, and what it fails at. */
function callMetrics(registers: Registers): Pick<Metrics, "answered" | "failed" | "noticed"> {
  const requests = new Histogram({
    name: "genhook_http_request_seconds",
    help: "API calls.",
    labelNames: ["operation", "status"],
    buckets: LATENCY_SECONDS,
    registers,
  });
  const failures = new Counter({
    name: "genhook_errors_total",
    help: "Failures on our side, by what was done.",
    labelNames: ["what"],
    registers,
  });
  const notices = new Counter({
    name: "genhook_notices_total",
    help: "Notices to apps' contacts about their endpoints.",
    labelNames: ["channel", "result"],
    registers,
  });
  for (const what of [...BACKGROUND_WORK, ...SERVER_WORK]) failures.inc({ what }, 0);
  for (const channel of ["url", "email"]) for (const result of ["sent", "failed"]) notices.inc({ channel, result }, 0);
  return {
    answered: (operation, status, durationMs) => requests.observe({ operation, status: String(status) }, durationMs / 1000),
    failed: (what) => failures.inc({ what }),
    noticed: (channel, result) => notices.inc({ channel, result }),
  };
}

/** Gauges that are read at each scrape. */
function watchGauges(registry: Registry, read: () => Watched): void {
  const gauge = (name: string, help: string, of: (now: Watched) => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(of(read()));
      },
    });
  gauge("genhook_attempts_in_flight", "Attempts under way.", (now) => now.inFlight);
  gauge("genhook_shards", "Parts of all endpoints that this process owns, of 256.", (now) => now.shards);
  gauge("genhook_lanes", "Lanes that memory works on.", (now) => now.lanes);
  gauge("genhook_endpoints", "Endpoints that memory works on.", (now) => now.endpoints);
  gauge("genhook_endpoints_shut", "Endpoints paused or with an open breaker.", (now) => now.endpointsShut);
  gauge("genhook_held_payload_bytes", "Payload bytes in memory for sending.", (now) => now.heldBytes);
  gauge(
    "genhook_late_pace",
    "Late deliveries, kept while their endpoints were away, that may start a second; 0 while none waits for it.",
    (now) => now.latePerSecond,
  );
  gauge("genhook_unsettled", "Finished attempts that are not durable yet.", (now) => now.unsettled);
  gauge("genhook_publish_waiting", "Events that wait for their commit.", (now) => now.waitingEvents);
  gauge("genhook_catch_up_waiting", "Calls that wait for the next event of a numbered webhook.", (now) => now.waitingCalls);
  gauge(
    "genhook_webhooks_held",
    "Webhooks not sent to: paused, suspended for a failing endpoint, or under a hold.",
    (now) => now.webhooksHeld,
  );
  gauge("genhook_endpoints_suspended", "Endpoints with webhooks that were suspended because it failed.", (now) => now.endpointsSuspended);
  gauge("genhook_holds", "Holds in force.", (now) => now.holds);
  gauge(
    "genhook_order_keys_blocked",
    "Order keys that wait behind a dead letter, of the shards that this process owns.",
    (now) => now.blockedKeys,
  );
  gauge("genhook_deliveries_pending", "Deliveries owed and not finished.", (now) => now.pending);
  gauge("genhook_deliveries_overdue_seconds", "How long ago the oldest delivery that is owed was due.", (now) => now.overdueMs / 1000);
  gauge("genhook_ready", "1 where /readyz answers 200, otherwise 0.", (now) => (now.isReady ? 1 : 0));
}
