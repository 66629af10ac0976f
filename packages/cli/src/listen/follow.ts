import { ApiError } from "@genhook/contract/client";
import { isPassing } from "../commands/explain-error.ts";
import { timeStyle } from "../commands/session.ts";
import { note, paint, printLine, type Terminal } from "../output/terminal.ts";
import { pause } from "../pause.ts";
import type { Forwarder } from "./forwarder.ts";
import { isTaken, listenLine, missingLine } from "./listen-line.ts";
import type { Listened, ListenState } from "./listen-state.ts";
import { cutMissed, type Stretch } from "./missed.ts";
import { isMissing, type MissingEvent, type PulledEvent, type PullFeed } from "./pull-feed.ts";

const WAIT_MIN_MS = 1_000;
const WAIT_MAX_MS = 10_000;

/** One run of `genhook listen`. */
export interface Listening {
  readonly feed: PullFeed;
  readonly state: ListenState;
  readonly forwarder: Forwarder | null;
  readonly isJson: boolean;
  readonly isUtc: boolean;
  readonly terminal: Terminal;
  /** Ends the waiting; what was taken up is handled to its end. */
  readonly stop: AbortSignal;
  readonly tally: { taken: number; refused: number; shown: number };
  /** Topics of which an event waited for the local server when it was told to stop. */
  readonly waiting: Set<string>;
  /** Since when the server does not answer; for all topics together. */
  isServerAway: boolean;
}

/** One topic's events, in order, until it is told to stop: first what was not taken the last time, then what follows. */
export async function follow(run: Listening, topic: string): Promise<void> {
  const { state, stop } = run;
  let again = state.find(topic)?.missed ?? [];
  let waitMs = WAIT_MIN_MS;
  while (!stop.aborted) {
    const listened = state.find(topic);
    if (listened === null) return;
    try {
      again = await readOn(run, topic, listened, again);
      waitMs = WAIT_MIN_MS;
    } catch (error) {
      if (stop.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 410) again = cutMissed(again, await skipLost(run, topic, listened));
      else if (isPassing(error)) {
        if (!run.isServerAway) note(run.terminal, paint(run.terminal, "yellow", `${error.message} Trying on.`));
        run.isServerAway = true;
        await pause(Math.max(waitMs, error.retryAfterMs ?? 0), stop);
        waitMs = Math.min(WAIT_MAX_MS, waitMs * 2);
      } else throw error;
    }
  }
}

/** Reads one page and handles it; answers what is left to be sent again. */
async function readOn(run: Listening, topic: string, listened: Listened, again: readonly Stretch[]): Promise<readonly Stretch[]> {
  const { feed, stop, terminal } = run;
  const [stretch] = again;
  const { events } = await feed.read(listened.webhookId, stretch === undefined ? listened.after : stretch.from - 1, stop);
  if (run.isServerAway) note(terminal, paint(terminal, "dim", `${feed.client.origin} is back; nothing was lost.`));
  run.isServerAway = false;
  // Numbers have no gaps, so this does not come up while the webhook is the one that it was.
  if (stretch !== undefined && (events[0]?.sequence ?? Number.POSITIVE_INFINITY) > stretch.to) return again.slice(1);
  let left = again;
  for (const event of events) {
    if (stop.aborted || (stretch !== undefined && event.sequence > stretch.to)) break;
    if (!(await handle(run, topic, event, listened.webhookId))) break;
    left = cutMissed(left, event.sequence + 1);
  }
  return left;
}

/** False: it was stopped before the event was handled. */
async function handle(run: Listening, topic: string, event: PulledEvent | MissingEvent, webhookId: string): Promise<boolean> {
  const { forwarder, state, terminal, tally } = run;
  const style = timeStyle(terminal, { utc: run.isUtc });
  const done = (isHandled: boolean): true => {
    const listened = state.find(topic);
    if (listened !== null) state.handled(topic, listened, event.sequence, isHandled);
    return true;
  };
  if (isMissing(event)) {
    show(run, missingLine(event, topic, terminal, style), { ...event, topic });
    return done(true);
  }
  if (forwarder === null) {
    tally.shown += 1;
    show(run, listenLine(event, null, terminal, style), event);
    return done(true);
  }
  const answer = await forwarder.send(event, webhookId);
  if (answer === null) {
    run.waiting.add(topic);
    return false;
  }
  const outcome = answer.kind === "response" ? { status: answer.status } : { error: answer.error };
  show(run, listenLine(event, answer, terminal, style), { ...event, ...outcome });
  if (isTaken(answer)) tally.taken += 1;
  else {
    tally.refused += 1;
    if (tally.refused === 1) note(terminal, paint(terminal, "dim", KEPT));
  }
  return done(isTaken(answer));
}

const KEPT = "Not taken, and passed over: it is kept, and sent again by the next genhook listen. --attempts N tries more often.";

function show({ terminal, isJson }: Listening, line: string, value: object): void {
  if (!isJson) return printLine(terminal, line);
  const { payload, ...rest } = value as { readonly payload?: string };
  const text = JSON.stringify(rest);
  terminal.out(payload === undefined ? `${text}\n` : `${text.slice(0, -1)},"payload":${payload}}\n`);
}

/** Retention has passed what was not read: it goes on with the oldest number that is kept, and answers it. */
async function skipLost(
  { feed, state, terminal, stop }: Listening,
  topic: string,
  { webhookId, after, missed }: Listened,
): Promise<number> {
  const { events, last } = await feed.read(webhookId, null, stop);
  const oldest = events[0]?.sequence ?? last + 1;
  note(terminal, paint(terminal, "yellow", `${topic}: numbers before ${oldest} are past retention; going on with it.`));
  state.set(topic, { webhookId, after: Math.max(after, oldest - 1), missed: cutMissed(missed, oldest) });
  return oldest;
}
