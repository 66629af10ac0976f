import { TOPICS } from "@genhook/contract";
import { ApiError, type ApiClient } from "@genhook/contract/client";
import { CliError, usage } from "../cli-error.ts";
import { explainError } from "../commands/explain-error.ts";
import { timeStyle, type CommonFlags } from "../commands/session.ts";
import { wholeDomain } from "../commands/whole-domain.ts";
import { didYouMean } from "../did-you-mean.ts";
import { readEndpointAddress } from "../endpoint-address.ts";
import { note, paint, printLine, type Terminal } from "../output/terminal.ts";
import { count } from "../output/text.ts";
import { resolveConnection, sourcesOf, type Connection } from "../session/connection.ts";
import { findAppSecrets } from "../session/find-app-secrets.ts";
import { follow, type Listening } from "./follow.ts";
import { Forwarder } from "./forwarder.ts";
import { listenLine } from "./listen-line.ts";
import { ListenState, type Listened } from "./listen-state.ts";
import { countMissed, showMissed } from "./missed.ts";
import { PullFeed } from "./pull-feed.ts";

export interface ListenFlags extends CommonFlags {
  readonly forward?: string;
  readonly topic?: readonly string[];
  readonly shop?: string;
  readonly attempts?: string;
  readonly keep?: boolean;
  readonly clientSecret?: string;
  readonly signingSecret?: string;
}

const SHOPS_SHOWN = 5;

/**
 * `genhook listen`: shows an app's events as they happen and forwards them to a server of this machine, signed as in production. Events come
 * from a webhook in pull mode: what happens while the connection, this process or the local server is away comes afterwards, in order.
 */
export async function listen(flags: ListenFlags, terminal: Terminal): Promise<void> {
  const connection = resolveConnection(sourcesOf(flags, terminal.environment), ["app", "apps"]);
  if (flags.shop !== undefined && connection.credentials.kind === "app") {
    throw usage("An access token is for its one shop: leave out --shop, or log in as the app: genhook login --client-id ID");
  }
  const interrupts = terminal.interrupts();
  const forwarder = flags.forward === undefined ? null : makeForwarder(flags.forward, flags, terminal, interrupts);
  const feed = await openFeed(connection, flags);
  const state = ListenState.open(terminal.environment, keyOf(connection, feed));
  const failed = new AbortController();
  const stop = AbortSignal.any([interrupts, failed.signal]);
  const tally = { taken: 0, refused: 0, shown: 0 };
  const shared = { feed, state, forwarder, terminal, stop, tally, waiting: new Set<string>() };
  const run: Listening = { ...shared, isJson: flags.json === true, isUtc: flags.utc === true, isServerAway: false };
  const mine: string[] = [];
  try {
    const topics = await topicsOf(feed, flags);
    const goingOn = await subscribeAll(run, topics, mine);
    announce(run, topics, goingOn, connection, flags);
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
    await end(run, mine, flags.keep === true);
  }
}

async function openFeed(connection: Connection, flags: ListenFlags): Promise<PullFeed> {
  let client: ApiClient | null = null;
  try {
    return await PullFeed.open(connection, (opened) => {
      client = opened;
      return shopOf(opened, flags.shop);
    });
  } catch (error) {
    throw client === null ? error : explainError(error, { client, connection });
  }
}

/** Of an app that is logged in: the shop that is named, or the only one that it is on. */
async function shopOf(client: ApiClient, named: string | undefined): Promise<string> {
  const shops: string[] = [];
  for await (const { shop } of client.entries("listAppInstallations")) shops.push(shop);
  const shown = `It is on ${shops.slice(0, SHOPS_SHOWN).join(", ")}${shops.length > SHOPS_SHOWN ? " and more" : ""}.`;
  const [only] = shops;
  if (only === undefined) throw new CliError("notFound", "not_installed", "The app is on no shop: it has no events.");
  if (named === undefined && shops.length > 1) throw usage("Say which shop: --shop DOMAIN.", shown);
  const shop = named === undefined ? only : wholeDomain(named);
  if (!shops.includes(shop)) throw new CliError("notFound", "not_installed", `The app is not on ${shop}.`, [shown]);
  return shop;
}

/** Tells listeners apart that have nothing to do with each other. */
function keyOf({ origin, credentials, signIn }: Connection, { shop }: PullFeed): string {
  if (shop !== null) return `${origin} ${signIn?.secrets.clientId ?? ""} ${shop}`;
  return `${origin} ${credentials.kind === "app" ? credentials.accessToken : ""}`;
}

function makeForwarder(forward: string, flags: ListenFlags, terminal: Terminal, signal: AbortSignal): Forwarder {
  const address = readEndpointAddress(forward, "--forward must be an address").href;
  const { clientSecret, signingSecret } = findAppSecrets(flags, terminal.environment);
  if (clientSecret === null && signingSecret === null) {
    throw usage(
      "What is forwarded is signed with the app's secrets: give --client-secret and --signing-secret, or set GENHOOK_CLIENT_SECRET and GENHOOK_SIGNING_SECRET.",
      "To keep them: genhook login --client-id ID",
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
async function topicsOf(feed: PullFeed, flags: ListenFlags): Promise<readonly string[]> {
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
    ({ audience, scopes: oneOf }) => audience === "shop" && (oneOf.length === 0 || oneOf.some((scope) => scopes.has(scope))),
  );
  if (allowed.length > 0) return allowed.map(({ name }) => name);
  throw new CliError("notAllowed", "topic_scope_missing", "The token's scopes allow no topic.");
}

/** Answers how many topics go on behind what a listener before has handled. */
async function subscribeAll({ feed, state }: Listening, topics: readonly string[], mine: string[]): Promise<number> {
  let goingOn = 0;
  for (const topic of topics) {
    const before = state.find(topic);
    if (before !== null && (await feed.isThere(before.webhookId))) goingOn += 1;
    else state.set(topic, { webhookId: await feed.subscribe(topic), after: 0, missed: [] });
    mine.push(topic);
  }
  return goingOn;
}

function announce(
  { terminal, feed, forwarder, state }: Listening,
  topics: readonly string[],
  goingOn: number,
  { origin }: Connection,
  flags: ListenFlags,
): void {
  const what = topics.length <= 3 ? topics.join(", ") : count(topics.length, "topic");
  const where = forwarder === null ? "" : `, to ${flags.forward ?? ""}`;
  const whose = feed.shop === null ? "" : ` of ${feed.shop}`;
  note(terminal, `Listening at ${origin} for ${what}${whose}${where}. Ctrl+C ends it.`);
  if (goingOn > 0) {
    const numbers = topics.length === 1 ? ` behind number ${state.find(topics[0] ?? "")?.after ?? 0}` : "";
    const missed = topics.reduce((sum, topic) => sum + countMissed(state.find(topic)?.missed ?? []), 0);
    const first = missed === 0 ? "" : ` First comes what was not taken: ${count(missed, "event")}.`;
    note(terminal, paint(terminal, "dim", `Goes on${numbers} where the last one stopped.${first}`));
  }
}

/** Deletes what was made, unless it is to be kept or something of it was not taken; says how to go on. */
async function end({ feed, state, terminal, tally, waiting }: Listening, mine: readonly string[], isKept: boolean): Promise<void> {
  if (mine.length === 0) return;
  const { taken, refused, shown } = tally;
  const said = `${count(taken + refused + shown, "event")}${refused === 0 ? "" : `, ${refused.toLocaleString("en")} of them not taken`}`;
  const owed = mine.filter((topic) => waiting.has(topic) || countMissed(state.find(topic)?.missed ?? []) > 0);
  const undeleted: string[] = [];
  for (const topic of isKept ? [] : mine.filter((each) => !owed.includes(each))) {
    const webhookId = state.find(topic)?.webhookId ?? "";
    try {
      await feed.unsubscribe(webhookId);
      state.remove(topic);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) state.remove(topic);
      else undeleted.push(webhookId);
    }
  }
  note(terminal, `${said}.`);
  for (const topic of owed) note(terminal, owedLine(topic, state.find(topic)));
  const ids = owed.map((topic) => state.find(topic)?.webhookId ?? "");
  if (isKept)
    note(terminal, `The webhooks stay, and collect what comes; the same command goes on from here${owed.length > 0 ? ", with that" : ""}.`);
  else if (owed.length > 0) {
    note(terminal, `So ${naming(ids)} stays, and collects what comes; the same command sends it again and goes on from there.`);
    note(terminal, `To give it up: ${ids.map((id) => `genhook webhooks delete ${id}`).join("; ")}`);
  }
  if (undeleted.length > 0) {
    const text = `Could not be deleted: ${naming(undeleted)}. The next genhook listen goes on with it, or: genhook webhooks delete`;
    note(terminal, paint(terminal, "yellow", text));
  }
}

function owedLine(topic: string, listened: Listened | null): string {
  const missed = listened?.missed ?? [];
  const what = countMissed(missed) > 0 ? ` ${showMissed(missed)} not taken` : ` what follows #${listened?.after ?? 0} not sent`;
  return `  ${topic}:${what}`;
}

const naming = (ids: readonly string[]): string => `webhook${ids.length === 1 ? "" : "s"} ${ids.join(", ")}`;
