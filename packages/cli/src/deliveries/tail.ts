import { ApiError, type ApiClient, type DeliveryEntry } from "@genhook/contract/client";
import { usage } from "../cli-error.ts";
import { explainError, isPassing } from "../commands/explain-error.ts";
import { openSession, timeStyle, type CommonFlags } from "../commands/session.ts";
import { note, paint, type Terminal } from "../output/terminal.ts";
import { formatSpan } from "../output/time.ts";
import { pause } from "../pause.ts";
import { deliveryCallsOf, type DeliveryCalls } from "./delivery-calls.ts";
import { queryOf, type DeliveryQuery, type FilterFlags } from "./delivery-filter.ts";
import { FailingEndpoints, type FailingEndpoint } from "./failing-endpoints.ts";
import { Follower } from "./follower.ts";
import { endpointLine, tailLine } from "./tail-line.ts";

export interface TailFlags extends CommonFlags, FilterFlags {
  readonly failed?: boolean;
  readonly interval?: string;
  readonly lines?: string;
}

const PAGE = 250;
/** Pages read in one look: a server with more news than that in a second is watched with `stats`. */
const PAGES_MAX = 8;
/** Each so many looks read all of them: old deliveries that come through late lie behind many that do not change. */
const FULL_LOOK_EVERY = 10;
const INTERVAL_MIN_MS = 1_000;
const INTERVAL_MAX_MS = 8_000;
const WINDOW_MS = 15 * 60_000;
const LINES_DEFAULT = 10;

interface Tail {
  readonly client: ApiClient;
  readonly terminal: Terminal;
  readonly flags: TailFlags;
  readonly query: DeliveryQuery;
  readonly calls: DeliveryCalls;
  /** Where the list has final deliveries only: what says where something else failed. */
  readonly failing: FailingEndpoints | null;
  readonly interrupts: AbortSignal;
}

interface Look {
  readonly deliveries: readonly DeliveryEntry[];
  readonly endpoints: readonly FailingEndpoint[];
}

/**
 * `genhook tail`: follows deliveries until Ctrl+C. Looks more often while there is news, less often while there is none, and lives through a
 * server that is not there for a while.
 */
export async function tail(flags: TailFlags, terminal: Terminal): Promise<void> {
  const session = openSession(terminal, flags, ["platform", "app", "apps"]);
  const fixedMs = readInterval(flags.interval);
  const lines = readLines(flags.lines);
  const interrupts = terminal.interrupts();
  const calls = deliveryCallsOf(session.connection.credentials);
  const { client } = session;
  const isNarrow = flags.webhook !== undefined || flags.endpoint !== undefined || flags.event !== undefined;
  const failing = calls.endpoints === null || isNarrow ? null : new FailingEndpoints(client, calls.endpoints, calls.list);
  // Of final deliveries the dead ones can be asked for alone.
  const query = { ...queryOf(flags, terminal.now()), ...(flags.failed === true && failing !== null ? { state: "dead" } : {}) };
  const run: Tail = { client, terminal, flags, query, calls, failing, interrupts };
  const follower = new Follower();
  let waitMs = fixedMs ?? INTERVAL_MIN_MS;
  let missing: number | null = null;
  let watchedSince = terminal.now();
  for (let look = 0; !interrupts.aborted; look += 1) {
    try {
      const { deliveries, endpoints } = await lookAt(run, follower, look % FULL_LOOK_EVERY === 0);
      const changes = deliveries.filter((entry) => isWanted(entry, flags));
      if (missing !== null)
        note(terminal, paint(terminal, "dim", `${run.client.origin} is back after ${formatSpan(terminal.now() - missing)}`));
      missing = null;
      for (const entry of look === 0 && flags.since === undefined ? lastOf(changes, lines) : changes) print(entry, run);
      for (const endpoint of endpoints) printEndpoint(endpoint, run);
      waitMs = fixedMs ?? (changes.length > 0 ? INTERVAL_MIN_MS : Math.min(INTERVAL_MAX_MS, waitMs * 1.5));
      watchedSince = terminal.now();
    } catch (error) {
      if (interrupts.aborted) break;
      if (look === 0 || !(error instanceof ApiError) || !isPassing(error)) throw explainError(error, session);
      if (missing === null) note(terminal, paint(terminal, "yellow", `${error.message} Trying on.`));
      missing ??= terminal.now();
      waitMs = INTERVAL_MAX_MS;
    }
    await pause(waitMs, interrupts);
  }
  if (terminal.isErrorTty)
    note(terminal, paint(terminal, "dim", `\nTo go on from here: genhook tail --since ${new Date(watchedSince).toISOString()}`));
}

async function lookAt(run: Tail, follower: Follower, isFull: boolean): Promise<Look> {
  const { client, query, calls, failing, terminal, interrupts } = run;
  const createTimeMin = query["createTimeMin"] ?? new Date(terminal.now() - WINDOW_MS).toISOString();
  const input = { query: { ...query, createTimeMin, limit: PAGE } };
  const found: DeliveryEntry[] = [];
  let pages = 0;
  for await (const { deliveries } of client.pages(calls.list, input, { signal: interrupts })) {
    const changes = follower.changes(deliveries);
    found.push(...changes);
    pages += 1;
    const isOldNews = changes.length === 0 && deliveries.some((entry) => entry.state !== "pending");
    if (pages >= PAGES_MAX || (isOldNews && !isFull)) break;
  }
  const failures = await failing?.read(query, createTimeMin, interrupts);
  found.push(...follower.changes(failures?.deliveries ?? []));
  return { deliveries: found.toSorted((a, b) => (a.updateTime < b.updateTime ? -1 : 1)), endpoints: failures?.unread ?? [] };
}

/** What came through at a later attempt has failed, too: it may have done so between two looks. */
function isWanted({ state, attemptCount }: DeliveryEntry, flags: TailFlags): boolean {
  if (state === "pending" && attemptCount === 0) return false;
  return flags.failed !== true || state === "dead" || state === "pending" || attemptCount > 1;
}

function print(entry: DeliveryEntry, { terminal, flags }: Tail): void {
  terminal.out(`${flags.json === true ? JSON.stringify(entry) : tailLine(entry, terminal, timeStyle(terminal, flags))}\n`);
}

function printEndpoint(endpoint: FailingEndpoint, { terminal, flags }: Tail): void {
  terminal.out(`${flags.json === true ? JSON.stringify({ endpoint }) : endpointLine(endpoint, terminal, timeStyle(terminal, flags))}\n`);
}

function lastOf<Entry>(entries: readonly Entry[], amount: number): readonly Entry[] {
  return amount === 0 ? [] : entries.slice(-amount);
}

function readInterval(text: string | undefined): number | null {
  if (text === undefined) return null;
  const match = /^(\d{1,4})(s|m)?$/.exec(text);
  const seconds = match === null ? Number.NaN : Number(match[1]) * (match[2] === "m" ? 60 : 1);
  if (seconds >= 1) return seconds * 1_000;
  throw usage(`--interval must be at least one second, such as 5s, not "${text}".`);
}

function readLines(text: string | undefined): number {
  if (text === undefined) return LINES_DEFAULT;
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw usage(`--lines must be a whole number, not "${text}".`);
}
