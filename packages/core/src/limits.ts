/** Every bound of the engine, with its reason. Wire limits stand in the contract; a deployment's choices in the settings. */

/** Pending events of one group: past it a group gains nothing measurable and its latency grows. */
export const GROUP_EVENTS_MAX = 512;
/** Payload bytes of one group: one larger event still goes alone. */
export const GROUP_BYTES_MAX = 1_048_576;
/** Events accepted into memory and not yet committed; beyond it publishing answers 503. */
export const GROUP_WAITING_EVENTS_MAX = 20_000;
/** Their payload bytes. */
export const GROUP_WAITING_BYTES_MAX = 67_108_864;

/** Settlements of one transaction. */
export const SETTLE_BATCH_MAX = 512;
/** How long a settlement may wait for company, ms: shares the fsync, and delays nothing that a receiver sees. */
export const SETTLE_WAIT_MS = 5;
/** Finished attempts that wait for the store; beyond it no new attempt starts (the store is down or far behind). */
export const SETTLE_WAITING_MAX = 4_096;
/** Pause before a failed settlement batch is sent again, ms. */
export const SETTLE_AGAIN_MS = 500;

/** Deliveries that get their numbers in one transaction. */
export const NUMBER_BATCH_MAX = 512;
/** Deliveries handed over that wait for their numbers; beyond it they are found in the store once there is room. */
export const NUMBER_WAITING_MAX = 4_096;
/** Pause before a group that the store refused is numbered again, ms. */
export const NUMBER_AGAIN_MS = 500;
/** Tasks of one step in which a lane is numbered ahead of what is sent of it. */
export const NUMBER_STEP = 500;
/** How far a new scan goes back in a lane that was numbered ahead, ms: what a slower transaction has put behind the place is found. */
export const NUMBER_BACK_MS = 2_000;

/** Calls that wait for events in one process, and those of one subscription: each is a connection and a timer. */
export const WAITERS_MAX = 10_000;
export const WAITERS_OF_ONE_MAX = 10;
/** How often a process on a shared store looks for what those who wait were not told of, ms; and while hints are known not to arrive. */
export const WAITERS_CHECK_EVERY_MS = 5_000;
export const WAITERS_CHECK_WITHOUT_HINTS_EVERY_MS = 1_000;

/** Tasks of one lane held in memory: keeps memory independent of any backlog. */
export const LANE_WINDOW = 256;
/** A lane is read again when it has fewer than this. */
export const LANE_REFILL_BELOW = 64;
/** Payload bytes of one lane read: a lane of 1 MiB payloads holds a few, not 256. */
export const LANE_READ_BYTES_MAX = 4_194_304;
/** Payload bytes held for sending over all lanes; past it hand-over leaves events in the store until there is room. */
export const HELD_BYTES_MAX = 50_331_648;
/** Tasks of one order key that wait in memory; more of it at once are set aside, so that they do not fill the window for others. */
export const ORDER_KEY_WINDOW = 16;
/** Order keys of one lane that memory knows something about, most of them waiting for another attempt; past it the lane is read no further. */
export const ORDER_KEYS_MAX = 20_000;
/** Tasks set aside in one transaction. */
export const ORDER_MOVE_MAX = 500;
/** Pause before that is tried again where the store refused it, ms. */
export const ORDER_MOVE_AGAIN_MS = 500;
/** Pause before an ordered lane is prepared, or read, again where that failed or was too early, ms. */
export const ORDER_PREPARE_AGAIN_MS = 500;
/** Blocked keys are looked up after a hint no sooner than this, ms: hints may come often. */
export const ORDER_CHECK_AGAIN_MS = 1_000;
/** Blocks of one read. */
export const ORDER_BLOCKS_PAGE = 1_000;
/** An ordered lane that was taken over waits for an attempt's deadline and this, ms: the former owner's requests have ended by then. */
export const ORDER_TAKE_OVER_MARGIN_MS = 1_000;

/** Deliveries behind a blocked key that are counted. */
export const BLOCKED_PENDING_COUNT_MAX = 10_000;
/** Lanes of order keys that a list looks into in one shard. */
export const KEY_LANES_LISTED_MAX = 1_000;

/** Lane reads under way at once. */
export const LANE_READS_MAX = 4;

/** Pause between discovery scans, ms: truth is found by scanning, hints may be lost. */
export const DISCOVERY_EVERY_MS = 10_000;
/** The same while hints are known not to arrive: then scanning is the only way in which another process's events are found. */
export const DISCOVERY_WITHOUT_HINTS_EVERY_MS = 1_000;
/** Pause before shards are scanned again that could not be, ms. */
export const DISCOVERY_AGAIN_MS = 1_000;
/** Lanes of one discovery page. */
export const DISCOVERY_PAGE = 2_000;

/** How often leases are renewed, ms: three renewals may fail before a lease of 10 s ends. */
export const LEASE_RENEW_EVERY_MS = 2_500;
/** Pause before a renewal that failed is made again, ms, times 0.5 to 1.5: there is time for several before trust ends. */
export const LEASE_RENEW_AGAIN_MS = 500;
/** How long before a lease ends nothing starts any more, ms: an attempt's way to the socket, and a store whose clock runs fast. */
export const LEASE_STOP_MARGIN_MS = 2_000;
/** Pause between two steps of a hand-over, ms: gathers what becomes quiet at the same time. */
export const LEASE_STEP_MS = 20;
/** How often a shard that is to be given up is looked at, ms: a hand-over is late by no more than this. */
export const LEASE_QUIET_CHECK_MS = 50;

/** How often a process on a shared store asks whether its copy of the directory is the newest, ms. */
export const DIRECTORY_ASK_EVERY_MS = 500;
/** How old an answer may be, ms, counted from its question, for attempts to start: a change of rights binds every process within 2 s. */
export const DIRECTORY_TRUST_MS = 1_500;

/** The wall clock may fall this far behind the monotonic one within a trust, ms: more was no drift, it was set back. */
export const CLOCKS_APART_MAX_MS = 1_000;
/** A reading of the store's clock that lies further off than this is no drift, ms: something has jumped. */
export const CLOCK_JUMP_MAX_MS = 5_000;
/** A reading that took longer than this does not replace a better one, ms. */
export const CLOCK_READING_MAX_MS = 1_000;

/** Attempts in flight over all endpoints in one process. */
export const ATTEMPTS_IN_FLIGHT_MAX = 512;
/** Share of them that slow and failing endpoints may take together, and that retries may take while first attempts wait. */
export const SLOW_SHARE = 0.25;
/** Share of them that endpoints may take together of which nothing is known yet, one each: after a start that is all of them. */
export const UNKNOWN_SHARE = 0.5;
/** A delivery that an endpoint was owed while it was away is late when it has waited for longer than this, ms. */
export const LATE_FROM_MS = 1_000;
/** How often late deliveries get room to start, ms, and ticks from one look at how the process keeps up to the next. */
export const LATE_TICK_MS = 10;
export const LATE_WINDOW_TICKS = 10;
/** How late a tick may be on average for the pace to grow, ms; twice that makes it slower. A timer alone is late by up to 1. */
export const LATE_BEHIND_MS = 2;
/** Late deliveries started a second: at first, at the least, as a share of what else is started, and at the most, which is more than a process can send. */
export const LATE_START_PER_SECOND = 500;
export const LATE_LEAST_PER_SECOND = 100;
export const LATE_LEAST_SHARE = 0.25;
export const LATE_MOST_PER_SECOND = 20_000;
/** What may start at once at an endpoint that has a rate, as time at that rate, ms; at least one. Makes up for being woken late. */
export const PACE_AT_ONCE_MS = 100;
/** Endpoints of one app for which an operator has set a rate: they stand in the app's row. */
export const ENDPOINT_RATES_MAX = 1_000;
/** How long an endpoint without work is remembered, ms, and how many of them at most (1 KB each). */
export const IDLE_GATE_KEPT_MS = 600_000;
export const IDLE_GATES_MAX = 10_000;
/** Mean service time from which an endpoint counts as slow, ms. */
export const SLOW_SERVICE_MS = 2_000;
/** Concurrency that an endpoint starts with, its floor and its ceiling. */
export const ENDPOINT_CONCURRENCY_START = 10;
export const ENDPOINT_CONCURRENCY_MIN = 1;
export const ENDPOINT_CONCURRENCY_MAX = 100;

/** Tasks cancelled, expired or moved in one step: bounds a transaction to a few milliseconds. */
export const SWEEP_STEP = 500;
/** Deliveries that a replay job looks at in one step while it counts, and re-opens in one step. */
export const REPLAY_COUNT_STEP = 500;
export const REPLAY_STEP = 100;
/** Events erased in one step: each has its attempts and deliveries, so fewer than a sweep takes. */
export const ERASE_STEP = 200;
/** Rows removed by one retention step. */
export const RETENTION_STEP = 2_000;

/** Subscriptions that one event may match: all of them are owed in its own transaction. */
export const MATCHES_MAX = 1_000;
/** Subscriptions of one installation. */
export const SUBSCRIPTIONS_PER_INSTALLATION_MAX = 100;

/** Installations, and webhooks of them, that one step of a changed declaration touches: a short transaction, whatever an app declares. */
export const DECLARATION_STEP_INSTALLATIONS = 50;
export const DECLARATION_STEP_SUBSCRIPTIONS = 500;
/** Pause between two steps, ms: every step makes publishes under way match again. */
export const DECLARATION_PAUSE_MS = 20;
/** Pause before a step that the store refused is tried again, ms. */
export const DECLARATION_AGAIN_MS = 1_000;

/** `Retry-After` is honoured up to this, ms. */
export const RETRY_AFTER_MAX_MS = 14_400_000;
/** Bytes kept of a response body: failures, and successes. */
export const FAILURE_BODY_KEPT_BYTES = 4_096;
export const SUCCESS_BODY_KEPT_BYTES = 256;

/** Idempotency keys are kept for at least this, ms. */
export const IDEMPOTENCY_KEPT_MS = 86_400_000;

/** Characters of a filter: a page of text; what is longer belongs into the receiver. */
export const FILTER_LENGTH_MAX = 2_000;
/** Parentheses and `not` within each other: more than anybody reads, far less than a stack takes. */
export const FILTER_DEPTH_MAX = 32;
/** Tests, list entries and connectives of one filter. */
export const FILTER_NODES_MAX = 200;
/** Values looked at by one filter in one payload; past it the filter is not decided, and the event is owed. */
export const FILTER_STEPS_MAX = 10_000;
/** The same over all filters of one event: 1,000 costly ones together hold up a publish for milliseconds, not seconds. */
export const EVENT_FILTER_STEPS_MAX = 1_000_000;
/** Compiled filters and fields kept by their text. */
export const COMPILED_KEPT_MAX = 10_000;
/** Characters of a payload path, and its parts. */
export const PATH_LENGTH_MAX = 255;
export const PATH_PARTS_MAX = 32;
/** Characters of a number that is compared: more than any double has, and than any price or id. */
export const DECIMAL_LENGTH_MAX = 400;
/** Bytes of converted and projected payloads kept for the deliveries that share them. */
export const SHAPED_BYTES_MAX = 16_777_216;

/** Holds in force at once: an incident has a handful; the rest of thousands would be a mistake of a script. */
export const HOLDS_MAX = 1_000;
/** Deliveries that `held` counts to, and lanes that it looks into, at most so many in one read: tens of milliseconds, shared by all who ask. */
export const HELD_COUNT_MAX = 1_000_000;
export const HELD_LANES_MAX = 20_000;
export const HELD_LANES_STEP = 500;
/** The same for the backlog of one endpoint. */
export const BACKLOG_COUNT_MAX = 100_000;
export const BACKLOG_LANES_MAX = 20_000;
/**
 * Subscriptions whose final deliveries are merged into one list: a seek for each on every day that has to be looked at. A list of more is read from
 * everybody's.
 */
export const SUBSCRIPTIONS_LISTED_MAX = 1_000;
/** How long a count of what is held is good, ms. */
export const HELD_COUNT_KEPT_MS = 2_000;

/** An endpoint's state is gathered with others' for this long before it is written, and written at most this often, ms. */
export const ENDPOINT_SAVE_WAIT_MS = 250;
export const ENDPOINT_SAVE_EVERY_MS = 5_000;
/** States of one write. */
export const ENDPOINT_SAVE_MAX = 500;
/** An endpoint that fails for longer than this is noted in the store, ms: an attempt that fails now and then is nobody's business. */
export const FAILING_NOTED_AFTER_MS = 60_000;
/** How often the owner of an endpoint whose breaker is open looks for probes that other processes ask for, ms. */
export const PROBES_ASKED_EVERY_MS = 2_000;
