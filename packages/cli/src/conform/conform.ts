import { randomInt } from "node:crypto";
import { isIP } from "node:net";
import { isApiVersion, TOPIC_BY_NAME, TOPICS } from "@genhook/contract";
import { CliError, usage } from "../cli-error.ts";
import { confirm } from "../commands/confirm.ts";
import { printJson } from "../commands/session.ts";
import { wholeDomain } from "../commands/whole-domain.ts";
import { didYouMean } from "../did-you-mean.ts";
import { readEndpointAddress } from "../endpoint-address.ts";
import { note, printLine, type Terminal } from "../output/terminal.ts";
import type { Payload } from "../publish/vary-sample.ts";
import { findAppSecrets } from "../session/find-app-secrets.ts";
import { CHECK_IDS, CHECKS, type CheckId } from "./check-table.ts";
import { DEFAULT_PLACE, DeliveryMaker, type MadePlace } from "./delivery-maker.ts";
import { Effects } from "./effects.ts";
import { EndpointUnderTest } from "./endpoint-under-test.ts";
import { docsLink, ReportView, resultOf, type Result } from "./report-view.ts";
import { SERIES, type Stage } from "./series.ts";

export interface ConformFlags {
  readonly clientSecret?: string;
  readonly signingSecret?: string;
  readonly topic?: string;
  readonly shop?: string;
  readonly apiVersion?: string;
  readonly webhookId?: string;
  readonly effects?: string;
  readonly only?: readonly string[];
  readonly strict?: boolean;
  readonly profile?: string;
  readonly timeout?: string;
  readonly seed?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const TIMEOUT_MS = 5_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `genhook conform`: sends an endpoint what it will meet in production, and judges its answers. Needs no server. */
export async function conform(address: string, flags: ConformFlags, terminal: Terminal): Promise<void> {
  const url = readEndpointAddress(address, "Give the endpoint's address");
  const secrets = readSecrets(flags, terminal);
  const place = readPlace(flags);
  const chosen = readOnly(flags.only);
  const timeoutMs = readTimeout(flags.timeout);
  if (!isNearby(url.hostname))
    await confirm(terminal, flags.yes === true, `${url.host} is not on this machine or network: send it made-up events?`);
  const interrupts = terminal.interrupts();
  const webhookId = flags.webhookId !== undefined && UUID.test(flags.webhookId) ? "uuid" : "number";
  const endpoint = new EndpointUnderTest(url.href, secrets, { timeoutMs, webhookId });
  interrupts.addEventListener("abort", () => endpoint.abort());
  const effects = flags.effects === undefined ? null : new Effects(flags.effects, interrupts);
  const stage: Stage = {
    maker: new DeliveryMaker(place, sampleOf),
    endpoint,
    effects,
    deadlineMs: timeoutMs,
    isGenuineTaken: false,
    isUnsignedTaken: false,
  };
  try {
    const results = await runChecks(stage, chosen, flags.json === true ? null : new ReportView(terminal), interrupts, terminal);
    if (flags.json === true) printJson(terminal, jsonOf(url.href, place, results));
    conclude(results, flags.strict === true);
  } finally {
    await endpoint.close();
  }
}

/** Where the first delivery is not taken nothing else can be judged: the rest is not sent. */
async function runChecks(
  stage: Stage,
  chosen: readonly CheckId[],
  view: ReportView | null,
  interrupts: AbortSignal,
  terminal: Terminal,
): Promise<readonly Result[]> {
  const { place } = stage.maker;
  if (view !== null) printLine(terminal, `${stage.endpoint.address}: ${place.topic} of ${place.shopDomain}, seed ${place.seed}\n`);
  const results: Result[] = [];
  for (const id of chosen) {
    const result = resultOf(id, await SERIES[id](stage));
    if (interrupts.aborted) throw interrupts.reason;
    results.push(result);
    view?.show(result);
    if (id === "first-delivery" && !stage.isGenuineTaken) break;
  }
  const unreachable = stage.endpoint.answers.find(({ error }) => error === "connect_failed" || error === "dns_failed");
  view?.end(results, chosen.length - results.length);
  if (results.length === 1 && !stage.isGenuineTaken && unreachable !== undefined) {
    throw new CliError("unavailable", unreachable.error ?? "", `Nothing answers at ${stage.endpoint.address}.`, [
      "Start the app, then run this again.",
    ]);
  }
  return results;
}

function conclude(results: readonly Result[], isStrict: boolean): void {
  const wrong = results.filter(({ verdict, level }) => verdict === "wrong" && (isStrict || level === "must"));
  if (wrong.length === 0) return;
  throw new CliError("failed", "not_conformant", `Not in order: ${wrong.map(({ id }) => id).join(", ")}.`);
}

function jsonOf(address: string, { topic, shopDomain, seed }: MadePlace, results: readonly Result[]): unknown {
  const of = (verdict: Result["verdict"]): number => results.filter((each) => each.verdict === verdict).length;
  return {
    address,
    topic,
    shop: shopDomain,
    seed,
    right: of("right"),
    wrong: of("wrong"),
    notJudged: of("not_judged"),
    checks: results.map(({ id, level, verdict, says, mend }) => ({
      id,
      title: CHECKS[id].title,
      level,
      verdict,
      says,
      ...(verdict === "wrong" ? { mend } : {}),
      docs: docsLink(id),
    })),
  };
}

function readSecrets(flags: ConformFlags, terminal: Terminal): EndpointUnderTest["secrets"] {
  const { clientSecret, signingSecret } = findAppSecrets(flags, terminal.environment);
  if (clientSecret === null && signingSecret === null) {
    throw usage(
      "Give --client-secret and --signing-secret, set GENHOOK_CLIENT_SECRET and GENHOOK_SIGNING_SECRET, or log in as the app: what is sent is signed with them.",
      "They are the ones that the endpoint checks with; while you develop, any will do: --client-secret test --signing-secret whsec_dGVzdC1zZWNyZXQ=",
    );
  }
  if (signingSecret !== null && !/^wh(sec|sk)_[A-Za-z0-9+/]+=*$/.test(signingSecret))
    throw usage("--signing-secret is whsec_ and base64 behind it.");
  if (clientSecret === null) note(terminal, "X-Genstore-Hmac-Sha256 is left out: give --client-secret to have it.");
  if (signingSecret === null) note(terminal, "webhook-signature is left out: give --signing-secret to have it.");
  return { clientSecret, signingSecrets: signingSecret === null ? [] : [signingSecret] };
}

function readPlace(flags: ConformFlags): MadePlace {
  const topic = flags.topic ?? "orders/create";
  if (!TOPIC_BY_NAME.has(topic)) throw unknownTopic(topic);
  const apiVersion = flags.apiVersion ?? DEFAULT_PLACE.apiVersion;
  if (!isApiVersion(apiVersion)) throw usage(`There is no API version "${apiVersion}".`);
  const seed = flags.seed === undefined ? randomInt(1, 1_000_000) : Number(flags.seed);
  if (!Number.isInteger(seed) || seed < 1) throw usage("--seed is a whole number from 1.");
  const place: MadePlace = { ...DEFAULT_PLACE, topic, apiVersion, seed, shopDomain: wholeDomain(flags.shop ?? DEFAULT_PLACE.shopDomain) };
  const id = flags.webhookId;
  if (id === undefined) return place;
  if (UUID.test(id)) return { ...place, subscriptionUuid: id };
  if (/^[1-9]\d{0,14}$/.test(id)) return { ...place, subscriptionId: Number(id) };
  throw usage(`--webhook-id is a number or a UUID, not "${id}".`);
}

function sampleOf(topic: string): Payload {
  const known = TOPIC_BY_NAME.get(topic);
  if (known === undefined) throw unknownTopic(topic);
  return known.sample;
}

function unknownTopic(topic: string): CliError {
  const meant = didYouMean(
    topic,
    TOPICS.map(({ name }) => name),
  );
  return new CliError("usage", "unknown_topic", `There is no topic "${topic}".`, meant === null ? [] : [meant]);
}

/** `--only` leaves the rest out; the first delivery is always made, because the others are judged by it. */
function readOnly(only: readonly string[] | undefined): readonly CheckId[] {
  if (only === undefined) return CHECK_IDS;
  for (const id of only) {
    if (!Object.hasOwn(CHECKS, id))
      throw usage(`There is no check "${id}".`, didYouMean(id, CHECK_IDS) ?? `There are: ${CHECK_IDS.join(", ")}.`);
  }
  return CHECK_IDS.filter((id) => id === "first-delivery" || only.includes(id));
}

function readTimeout(text: string | undefined): number {
  if (text === undefined) return TIMEOUT_MS;
  const match = /^(\d{1,5})(ms|s)$/.exec(text);
  const timeoutMs = Number(match?.[1]) * (match?.[2] === "s" ? 1_000 : 1);
  if (timeoutMs >= 1) return timeoutMs;
  throw usage(`--timeout must be a time such as 5s, not "${text}".`);
}

/** This machine, or a network of its own: nobody else's endpoint. */
function isNearby(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (host === "localhost" || host.endsWith(".localhost") || host.endsWith(".local") || host.endsWith(".test") || !host.includes(".")) {
    return isIP(host) !== 6 || host === "::1" || /^f[cde]/i.test(host);
  }
  return /^(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.)/.test(host) && isIP(host) === 4;
}
