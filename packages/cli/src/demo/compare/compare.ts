import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { WebhookEvent } from "@genhook/receiver";
import { usage } from "../../cli-error.ts";
import { printJson } from "../../commands/session.ts";
import { note, printLine, type Terminal } from "../../output/terminal.ts";
import { pause } from "../../pause.ts";
import { announceOrigin } from "../../session/data-folder.ts";
import { GOOD_PATH, startDemoApp } from "../demo-app.ts";
import { makeAppSecrets, readOrderRate, setUpDemo, SHOP, startDemoServer, type DemoServerFlags } from "../demo-server.ts";
import { DemoShop } from "../demo-shop.ts";
import { ORDER_STEPS, type OrderChange } from "../order-book.ts";
import { startOrdersApi } from "../orders-api.ts";
import { CompareView, type Compared } from "./compare-view.ts";
import { plotComparison } from "./plot.ts";
import { poll, type ListedOrder } from "./poller.ts";
import { Tally } from "./tally.ts";

export interface CompareFlags extends DemoServerFlags {
  readonly rate: string;
  readonly duration?: string;
  readonly seed?: string;
  readonly plot?: string;
  readonly json?: boolean;
}

const DURATION_DEFAULT = "60s";
/** After the last change both ways get at most this long to learn of it, ms. */
const LAST_LOOK_MAX_MS = 15_000;
const LOOK_EVERY_MS = 100;
const VERSIONS: ReadonlyMap<string, number> = new Map(ORDER_STEPS.map((step, index) => [`orders/${step}`, index + 1]));
/** The calls that subscribing takes: one a topic. */
const SUBSCRIBING_CALLS = ORDER_STEPS.length;

/**
 * `genhook demo --compare`: one app learns of the same orders in both ways at once, by polling with every call that the shop's rate limit
 * allows, and by webhooks. Shows calls, freshness and misses side by side, and sums up.
 */
export async function compare(flags: CompareFlags, terminal: Terminal): Promise<void> {
  const rate = readOrderRate(flags.rate);
  const durationMs = readDuration(flags.duration ?? DURATION_DEFAULT);
  const seed = readSeed(flags.seed);
  const data = flags.data ?? mkdtempSync(join(tmpdir(), "genhook-compare-"));
  if (terminal.isErrorTty) note(terminal, "Starting Genhook, a shop and an app …");
  const { genhook, api } = await startDemoServer(flags.port, data);
  const forgetOrigin = announceOrigin(data, genhook);
  const compared: Compared = { polling: new Tally(), webhooks: new Tally(), orders: 0, changes: 0, rate, durationMs, elapsedMs: 0 };
  const run = new ComparedRun(compared);
  const secrets = makeAppSecrets();
  const app = await startDemoApp({
    ...secrets,
    onRefused: () => undefined,
    fails: () => false,
    onEvent: (_, event) => run.gotEvent(event),
  });
  const webhooks = ORDER_STEPS.map((step): readonly [string, string] => [`orders/${step}`, GOOD_PATH]);
  const accessToken = await setUpDemo(genhook.origin, api, app, secrets, webhooks);
  const shop = new DemoShop({
    api,
    domain: SHOP,
    seed,
    onChange: (change, at) => run.happened(change, at),
    onPublished: () => undefined,
    onFailed: (error) => note(terminal, `publish failed: ${error instanceof Error ? error.message : String(error)}`),
  });
  const orders = await startOrdersApi({ book: shop.book, accessToken, now: Date.now });
  const interrupts = terminal.interrupts();
  const over = new AbortController();
  const view = new CompareView(compared, terminal, flags.json === true);
  run.start();
  view.start();
  const polling = poll({
    origin: orders.origin,
    accessToken,
    onOrders: (page) => run.listed(page),
    onCall: (status) => run.called(status),
    signal: over.signal,
  });
  shop.start(1_000 / rate);
  await pause(durationMs, interrupts);
  shop.stopPlacing();
  await shop.stop();
  await lastLook(compared, interrupts);
  run.stop();
  over.abort();
  await polling;
  view.stop();
  forgetOrigin();
  await genhook.stop();
  await app.close();
  await orders.close();
  if (flags.data === undefined) rmSync(data, { recursive: true, force: true });
  report(compared, flags, seed, terminal);
}

/** Until both know all that there is to know. */
async function lastLook({ polling, webhooks, changes }: Compared, interrupts: AbortSignal): Promise<void> {
  const until = performance.now() + LAST_LOOK_MAX_MS;
  const isOpen = (): boolean => webhooks.changesSeen < changes || polling.changesSeen + polling.missed < changes;
  while (isOpen() && !interrupts.aborted && performance.now() < until) await pause(LOOK_EVERY_MS, interrupts);
}

/** Keeps when each change happened, and tells both tallies when it was learnt of. */
class ComparedRun {
  readonly #compared: Compared;
  readonly #happenedAt = new Map<string, number>();
  readonly #events = new Set<string>();
  #startedAt = performance.now();
  #isOver = false;

  constructor(compared: Compared) {
    this.#compared = compared;
  }

  start(): void {
    this.#startedAt = performance.now();
    for (let call = 0; call < SUBSCRIBING_CALLS; call += 1) this.#compared.webhooks.called(0);
  }

  stop(): void {
    this.#isOver = true;
    this.#compared.elapsedMs = performance.now() - this.#startedAt;
  }

  happened({ id, version }: OrderChange, at: number): void {
    this.#happenedAt.set(`${id} ${version}`, at);
    this.#compared.changes += 1;
    if (version === 1) this.#compared.orders += 1;
  }

  called(status: number): void {
    this.#compared.polling.called(this.#second());
    if (status === 429) this.#compared.polling.refused += 1;
  }

  listed(page: readonly ListedOrder[]): void {
    if (this.#isOver) return;
    for (const order of page) {
      const version = order.fulfillmentStatus === "fulfilled" ? 3 : order.financialStatus === "paid" ? 2 : 1;
      const at = this.#happenedAt.get(`${order.id} ${version}`);
      if (at !== undefined) this.#compared.polling.saw(order.id, version, performance.now() - at, this.#second());
    }
  }

  gotEvent(event: WebhookEvent): void {
    if (this.#isOver) return;
    const { order } = event.payload as { readonly order: { readonly id: string } };
    const version = VERSIONS.get(event.topic) ?? 0;
    const at = this.#happenedAt.get(`${order.id} ${version}`);
    this.#compared.webhooks.received += 1;
    if (at !== undefined) this.#compared.webhooks.gotEvent(order.id, version, performance.now() - at, this.#second(), this.#events);
  }

  #second(): number {
    return Math.floor((performance.now() - this.#startedAt) / 1_000);
  }
}

function report(compared: Compared, flags: CompareFlags, seed: number, terminal: Terminal): void {
  if (flags.plot !== undefined) {
    writeFileSync(flags.plot, plotComparison(compared));
    note(terminal, `The plot is in ${flags.plot}.`);
  }
  if (flags.json !== true)
    return printLine(
      terminal,
      `The same orders again: genhook demo --compare --rate ${flags.rate} --duration ${compared.durationMs / 1_000}s --seed ${seed}`,
    );
  printJson(terminal, {
    seed,
    orders: compared.orders,
    changes: compared.changes,
    seconds: Math.round(compared.elapsedMs / 100) / 10,
    polling: summaryOf(compared.polling, compared),
    webhooks: summaryOf(compared.webhooks, compared),
  });
}

function summaryOf(tally: Tally, { orders, changes }: Compared): Record<string, number | null> {
  const { calls, refused, received, ordersSeen, changesSeen, missed } = tally;
  const round = (ageMs: number | null): number | null => (ageMs === null ? null : Math.round(ageMs * 10) / 10);
  return {
    calls,
    refused,
    received,
    ordersNotSeen: orders - ordersSeen,
    changesSeen,
    changesMissed: missed,
    changesNotYetSeen: changes - changesSeen - missed,
    ageP50Ms: round(tally.age(0.5)),
    ageP99Ms: round(tally.age(0.99)),
  };
}

function readDuration(text: string): number {
  const match = /^(\d{1,5})(s|m)$/.exec(text);
  const durationMs = match === null ? 0 : Number(match[1]) * (match[2] === "m" ? 60_000 : 1_000);
  if (durationMs >= 1_000 && durationMs <= 3_600_000) return durationMs;
  throw usage(`--duration must be from 1s to 60m, such as 60s, not "${text}".`);
}

function readSeed(text: string | undefined): number {
  if (text === undefined) return Math.floor(Math.random() * 1_000_000) + 1;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usage(`--seed must be a whole number from 1, not "${text}".`);
}
