import { randomInt } from "node:crypto";
import type { ApiClient, DeliveryEntry } from "@genhook/contract/client";
import { ApiError, explainAttempt, explainReason } from "@genhook/contract/client";
import { CliError, usage } from "../cli-error.ts";
import { stateColour } from "../commands/columns.ts";
import { explainError } from "../commands/explain-error.ts";
import { openSession, printJson, timeStyle, type CommonFlags } from "../commands/session.ts";
import { wholeDomain } from "../commands/whole-domain.ts";
import { note, paint, printLine, type Terminal } from "../output/terminal.ts";
import { count, harmless } from "../output/text.ts";
import { showTime } from "../output/time.ts";
import { pause } from "../pause.ts";
import { findSample, makePayloads, type PayloadFlags, type Payloads } from "./payloads.ts";
import { publishMany } from "./publish-many.ts";
import type { SamplePlace } from "./vary-sample.ts";

export interface TriggerFlags extends CommonFlags, PayloadFlags {
  readonly shop?: string;
  readonly clientId?: string;
  readonly seed?: string;
  readonly count?: string;
  readonly rate?: string;
  readonly idempotencyKey?: string;
  readonly triggeredAt?: string;
  readonly orderKey?: string;
  readonly wait: boolean;
}

const LOOK_EVERY_MS = 100;
const WAIT_MAX_MS = 10_000;
const SEED_MAX = 1_000_000;
const COUNT_MAX = 10_000_000;

/** `genhook trigger`: publishes one event and shows each delivery's first outcome, or many of them at a rate. */
export async function trigger(topic: string, flags: TriggerFlags, terminal: Terminal): Promise<void> {
  const session = openSession(terminal, flags, ["platform"]);
  const { client } = session;
  const seed = readWhole("--seed", flags.seed, 0, Number.MAX_SAFE_INTEGER) ?? randomInt(1, SEED_MAX);
  try {
    const warn = (text: string): void => note(terminal, `${paint(terminal, "yellow", "warning:")} ${text}`);
    const payloads = await makePayloads(() => findSample(topic, client), seed, flags, terminal, warn);
    const place = await findPlace(client, flags, terminal);
    const amount = readWhole("--count", flags.count, 1, COUNT_MAX) ?? payloads.count ?? 1;
    const envelope = (number: number, key: string | undefined): string =>
      envelopeText(topic, place, flags, payloads, number, key, terminal.now());
    if (amount === 1 && flags.rate === undefined)
      await triggerOne(client, place, topic, envelope(1, flags.idempotencyKey), flags, terminal, seed);
    else await publishMany({ client, envelope, amount, rate: readRate(flags.rate), seed, isJson: flags.json === true }, terminal);
  } catch (error) {
    throw withHint(explainError(error, session), error instanceof ApiError ? error.member : null);
  }
}

/** What the platform API says of these in its own words, in the words of the command line. */
const MEMBER_HINTS: Readonly<Record<string, string>> = {
  shop: "To see which there are: genhook shops; to make one: genhook shops create --domain NAME",
  clientId: "Give --client-id ID; to see which there are: genhook apps",
};

function withHint(error: unknown, member: string | null): unknown {
  const hint = MEMBER_HINTS[member ?? ""];
  if (!(error instanceof CliError) || hint === undefined) return error;
  return error.withHints([...error.hints, hint]);
}

function envelopeText(
  topic: string,
  place: SamplePlace,
  flags: TriggerFlags,
  payloads: Payloads,
  number: number,
  idempotencyKey: string | undefined,
  at: number,
): string {
  const head = JSON.stringify({
    shop: place.shopDomain,
    topic,
    clientId: flags.clientId,
    triggeredAt: flags.triggeredAt,
    orderKey: flags.orderKey,
    idempotencyKey,
  });
  // The payload goes in as text: what is delivered is the bytes that were given.
  return `${head.slice(0, -1)},"payload":${payloads.at(number, { ...place, at })}}`;
}

async function triggerOne(
  client: ApiClient,
  place: SamplePlace,
  topic: string,
  envelope: string,
  flags: TriggerFlags,
  terminal: Terminal,
  seed: number,
): Promise<void> {
  const { answer } = await client.send({
    method: "POST",
    path: "/platform/v1/events",
    body: { mediaType: "application/json", content: envelope },
    isIdempotent: flags.idempotencyKey !== undefined,
  });
  const { event } = answer as { event: { id: string; deliveries: number; duplicate: boolean } };
  const isWaiting = flags.wait && event.deliveries > 0;
  if (flags.json === true) {
    const deliveries = isWaiting ? await firstOutcomes(client, event.id) : undefined;
    printJson(terminal, { event: { ...event, ...(deliveries === undefined ? {} : { outcomes: deliveries }) } });
    return;
  }
  const made = flags.payload === undefined && seed !== 0 ? paint(terminal, "dim", `  seed ${seed}`) : "";
  const first = event.duplicate ? "published before" : count(event.deliveries, "delivery", "deliveries");
  printLine(terminal, `event ${event.id}: ${first}${made}`);
  if (event.deliveries === 0) printLine(terminal, `no webhook on ${place.shopDomain} has the topic ${topic}`);
  else if (isWaiting) for (const delivery of await firstOutcomes(client, event.id)) showOutcome(delivery, flags, terminal);
}

/** The event's deliveries, once each has had its first attempt or ten seconds have passed. */
async function firstOutcomes(client: ApiClient, id: string): Promise<readonly DeliveryEntry[]> {
  const until = performance.now() + WAIT_MAX_MS;
  for (;;) {
    const { deliveries } = (await client.call("getEvent", { params: { id } })).event;
    const isWaiting = deliveries.some((each) => each.state === "pending" && each.attemptCount === 0);
    if (!isWaiting || performance.now() > until) return deliveries;
    await pause(LOOK_EVERY_MS);
  }
}

function showOutcome(delivery: DeliveryEntry, flags: TriggerFlags, terminal: Terminal): void {
  const { state, reason, lastStatus: status, lastError: error, attemptCount, nextAttemptAt } = delivery;
  const colour = stateColour(state);
  // A webhook in pull mode has no address.
  const where = delivery.address === "" ? "" : ` at ${harmless(delivery.address)}`;
  const head = `  ${colour === null ? state : paint(terminal, colour, state)}: webhook ${delivery.webhookId}${where}`;
  if (state === "delivered") return printLine(terminal, `${head}: ${status ?? reason ?? ""}`.trimEnd());
  const why = reason !== null ? explainReason(reason) : attemptCount === 0 ? "no attempt yet." : explainAttempt({ status, error }).happened;
  const next = nextAttemptAt === null ? "" : ` Next attempt ${showTime(nextAttemptAt, timeStyle(terminal, flags))}.`;
  printLine(terminal, `${head}: ${why}${next}`);
  if (attemptCount > 0) printLine(terminal, paint(terminal, "dim", `    genhook deliveries get ${delivery.id}`));
}

/** The shop that is published for: the one that is named, or the only one there is. */
async function findPlace(client: ApiClient, flags: TriggerFlags, terminal: Terminal): Promise<SamplePlace> {
  const clientId = flags.clientId ?? null;
  const at = terminal.now();
  if (flags.shop !== undefined) return { shopDomain: wholeDomain(flags.shop), shopId: null, clientId, at };
  const { shops } = await client.call("listShops", { query: { limit: 3 } });
  const [only] = shops;
  if (shops.length === 1 && only !== undefined) return { shopDomain: only.domain, shopId: only.shopId, clientId, at };
  if (only === undefined)
    throw new CliError("notFound", "unknown_shop", "There is no shop yet.", ["genhook shops create --domain my-shop"]);
  throw usage(`Give --shop: there are several (${shops.map((shop) => shop.domain).join(", ")}${shops.length > 2 ? ", …" : ""}).`);
}

function readWhole(flag: string, text: string | undefined, min: number, max: number): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usage(`${flag} must be a whole number from ${min} to ${max.toLocaleString("en")}, not "${text}".`);
}

function readRate(text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= 100_000) return value;
  throw usage(`--rate must be a number of events per second, up to 100,000, not "${text}".`);
}
