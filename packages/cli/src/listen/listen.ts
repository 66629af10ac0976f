import { TOPICS } from "@genhook/contract";
import { ApiError } from "@genhook/contract/client";
import { CliError, usage } from "../cli-error.ts";
import { explainError, isPassing } from "../commands/explain-error.ts";
import { timeStyle, type CommonFlags } from "../commands/session.ts";
import { didYouMean } from "../did-you-mean.ts";
import { readEndpointAddress } from "../endpoint-address.ts";
import { note, paint, printLine, type Terminal } from "../output/terminal.ts";
import { count } from "../output/text.ts";
import { pause } from "../pause.ts";
import { resolveConnection, sourcesOf, type Connection } from "../session/connection.ts";
import { findAppSecrets } from "../session/find-app-secrets.ts";
import { Forwarder } from "./forwarder.ts";
import { isTaken, listenLine, missingLine } from "./listen-line.ts";
import { ListenState } from "./listen-state.ts";
import { isMissing, PullFeed, type PulledEvent } from "./pull-feed.ts";

export interface ListenFlags extends CommonFlags {
  readonly forward?: string;
  readonly topic?: readonly string[];
  readonly attempts?: string;
  readonly keep?: boolean;
  readonly clientSecret?: string;
  readonly signingSecret?: string;
}

const WAIT_MIN_MS = 1_000;
const WAIT_MAX_MS = 10_000;

interface Listening {
  readonly feed: PullFeed;
  readonly state: ListenState;
  readonly forwarder: Forwarder | null;
  readonly flags: ListenFlags;
  readonly terminal: Terminal;
  /** Ends the waiting; what was taken up is handled to its end. */
  readonly stop: AbortSignal;
  /** Topics that this listener has a webhook for. */
  readonly mine: string[];
  readonly tally: { taken: number; refused: number; shown: number };
  /** Since when the server does not answer; for all topics together. */
  isServerAway: boolean;
}

/**
 * `genhook listen`: shows an app's events as they happen and forwards them to a server of this machine, signed as in production. Events come
 * from a webhook in pull mode: what happens while the connection, this process or the local server is away comes afterwards, in order.
 */
export async function listen(flags: ListenFlags, terminal: Terminal): Promise<void> {
  const connection = resolveConnection(sourcesOf(flags, terminal.environment), ["app"]);
  const feed = new PullFeed(connection.origin, connection.credentials);
  const interrupts = terminal.interrupts();
  const forwarder = flags.forward === undefined ? null : makeForwarder(flags.forward, flags, terminal, interrupts);
  const { credentials } = connection;
  const key = `${connection.origin} ${credentials.kind === "app" ? credentials.accessToken : ""}`;
  const state = ListenState.open(terminal.environment, key);
  const failed = new AbortController();
  const stop = AbortSignal.any([interrupts, failed.signal]);
  const tally = { taken: 0, refused: 0, shown: 0 };
  const run: Listening = { feed, state, forwarder, flags, terminal, stop, mine: [], tally, isServerAway: false };
  try {
    const topics = await topicsOf(run);
    const goingOn = await subscribeAll(run, topics);
    announce(run, topics, goingOn, connection);
    const loops = topics.map((topic) =>
      follow(run, topic).catch((error: unknown) => {
        failed.abort(error);
        throw error;
      }),
    );
    const ended = await Promise.allSettled(loops);
    const broken = ended.find((each) => each.status === "rejected");
    if (broken !== undefined) throw broken.reason;
  } catch (error) {
    throw explainError(error, { client: feed.client, connection });
  } finally {
    await forwarder?.close();
    await end(run);
  }
}

function makeForwarder(forward: string, flags: ListenFlags, terminal: Terminal, signal: AbortSignal): Forwarder {
  const address = readEndpointAddress(forward, "--forward must be an address").href;
  const { clientSecret, signingSecret } = findAppSecrets(flags, terminal.environment);
  if (clientSecret === null && signingSecret === null) {
    throw usage(
      "What is forwarded is signed with the app's secrets: give --client-secret and --signing-secret, or set GENHOOK_CLIENT_SECRET and GENHOOK_SIGNING_SECRET.",
      "To keep them: genhook login --client-id ID --token TOKEN",
    );
  }
  return new Forwarder({
    address,
    secrets: { clientSecret, signingSecrets: signingSecret === null ? [] : [signingSecret] },
    attempts: readAttempts(flags.attempts),
    signal,
    onRefused: (event, answer) =>
      flags.json !== true && printLine(terminal, listenLine(event, answer, terminal, timeStyle(terminal, flags))),
    onAway: (detail) => note(terminal, paint(terminal, "yellow", `Nothing answers at ${address} (${detail}). Events wait for it.`)),
    onBack: () => note(terminal, paint(terminal, "dim", `${address} answers.`)),
  });
}

function readAttempts(text: string | undefined): number {
  if (text === undefined) return 1;
  if (/^[1-8]$/.test(text)) return Number(text);
  throw usage(`--attempts must be a whole number from 1 to 8, not "${text}".`);
}

/** Those that are named; otherwise all that the token's scopes allow. */
async function topicsOf({ feed, flags }: Listening): Promise<readonly string[]> {
  const known = TOPICS.map(({ name }) => name);
  const named = [...new Set(flags.topic ?? [])];
  for (const topic of named) {
    const meant =
      known.includes(topic) || !known.some((each) => each.startsWith(topic.replace(/\/.*/, "/"))) ? null : didYouMean(topic, known);
    if (meant !== null) throw new CliError("usage", "unknown_topic", `There is no topic "${topic}".`, [meant]);
  }
  if (named.length > 0) return named;
  const scopes = new Set(await feed.scopes());
  const allowed = TOPICS.filter(
    ({ audience, scopes: any }) => audience === "shop" && (any.length === 0 || any.some((scope) => scopes.has(scope))),
  );
  if (allowed.length > 0) return allowed.map(({ name }) => name);
  throw new CliError("notAllowed", "topic_scope_missing", "The token's scopes allow no topic.");
}

/** Answers how many topics go on behind what a listener before has handled. */
async function subscribeAll({ feed, state, mine }: Listening, topics: readonly string[]): Promise<number> {
  let goingOn = 0;
  for (const topic of topics) {
    const before = state.find(topic);
    if (before !== null && (await feed.isThere(before.webhookId))) goingOn += 1;
    else state.set(topic, { webhookId: await feed.subscribe(topic), after: 0 });
    mine.push(topic);
  }
  return goingOn;
}

function announce(
  { terminal, flags, forwarder, state }: Listening,
  topics: readonly string[],
  goingOn: number,
  { origin }: Connection,
): void {
  const what = topics.length <= 3 ? topics.join(", ") : count(topics.length, "topic");
  const where = forwarder === null ? "" : `, to ${flags.forward ?? ""}`;
  note(terminal, `Listening at ${origin} for ${what}${where}. Ctrl+C ends it.`);
  if (goingOn > 0) {
    const numbers = topics.length === 1 ? ` behind number ${state.find(topics[0] ?? "")?.after ?? 0}` : "";
    note(terminal, paint(terminal, "dim", `Goes on${numbers} where the last one stopped.`));
  }
}

/** One topic's events, in order, until it is told to stop. */
async function follow(run: Listening, topic: string): Promise<void> {
  const { feed, state, stop, terminal } = run;
  let waitMs = WAIT_MIN_MS;
  while (!stop.aborted) {
    const listened = state.find(topic);
    if (listened === null) return;
    try {
      const { events } = await feed.read(listened.webhookId, listened.after, stop);
      if (run.isServerAway) note(terminal, paint(terminal, "dim", `${feed.client.origin} is back; nothing was lost.`));
      run.isServerAway = false;
      waitMs = WAIT_MIN_MS;
      for (const event of events) {
        if (stop.aborted) return;
        if (isMissing(event)) show(run, missingLine(event, topic, terminal, timeStyle(terminal, run.flags)), { ...event, topic });
        else if (!(await handle(run, event, listened.webhookId))) return;
        state.set(topic, { webhookId: listened.webhookId, after: event.sequence });
      }
    } catch (error) {
      if (stop.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      if (error.status === 410) await skipLost(run, topic, listened.webhookId);
      else if (isPassing(error)) {
        if (!run.isServerAway) note(terminal, paint(terminal, "yellow", `${error.message} Trying on.`));
        run.isServerAway = true;
        await pause(Math.max(waitMs, error.retryAfterMs ?? 0), stop);
        waitMs = Math.min(WAIT_MAX_MS, waitMs * 2);
      } else throw error;
    }
  }
}

/** False: it was stopped before the event was handled. */
async function handle(run: Listening, event: PulledEvent, webhookId: string): Promise<boolean> {
  const { forwarder, terminal, tally, flags } = run;
  if (forwarder === null) {
    tally.shown += 1;
    show(run, listenLine(event, null, terminal, timeStyle(terminal, flags)), event);
    return true;
  }
  const answer = await forwarder.send(event, webhookId);
  if (answer === null) return false;
  if (isTaken(answer)) tally.taken += 1;
  else tally.refused += 1;
  const outcome = answer.kind === "response" ? { status: answer.status } : { error: answer.error };
  show(run, listenLine(event, answer, terminal, timeStyle(terminal, flags)), { ...event, ...outcome });
  return true;
}

function show({ terminal, flags }: Listening, line: string, value: object): void {
  if (flags.json !== true) return printLine(terminal, line);
  const { payload, ...rest } = value as { readonly payload?: string };
  const text = JSON.stringify(rest);
  terminal.out(payload === undefined ? `${text}\n` : `${text.slice(0, -1)},"payload":${payload}}\n`);
}

/** Retention has passed what was not read: it goes on with the oldest number that is kept. */
async function skipLost({ feed, state, terminal, stop }: Listening, topic: string, webhookId: string): Promise<void> {
  const { events, last } = await feed.read(webhookId, null, stop);
  const oldest = events[0]?.sequence ?? last + 1;
  note(terminal, paint(terminal, "yellow", `${topic}: numbers before ${oldest} are past retention; going on with it.`));
  state.set(topic, { webhookId, after: oldest - 1 });
}

/** Deletes what was made, unless it is to be kept; says how to go on. */
async function end({ feed, state, mine, flags, terminal, tally }: Listening): Promise<void> {
  const { taken, refused, shown } = tally;
  const outcome = refused === 0 ? "" : `, ${refused.toLocaleString("en")} of them not taken`;
  const said = `${count(taken + refused + shown, "event")}${outcome}`;
  if (flags.keep === true) {
    if (mine.length > 0) note(terminal, `${said}. The webhooks stay, and collect what comes; the same command goes on from here.`);
    return;
  }
  const left: string[] = [];
  for (const topic of mine) {
    const webhookId = state.find(topic)?.webhookId ?? "";
    try {
      await feed.unsubscribe(webhookId);
      state.remove(topic);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) state.remove(topic);
      else left.push(webhookId);
    }
  }
  if (left.length > 0)
    note(
      terminal,
      paint(
        terminal,
        "yellow",
        `Could not be deleted: webhook ${left.join(", ")}. The next genhook listen goes on with it, or: genhook webhooks delete`,
      ),
    );
  else if (mine.length > 0) note(terminal, `${said}.`);
}
