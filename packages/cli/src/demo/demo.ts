import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { WebhookEvent } from "@genhook/receiver";
import { CURRENT_VERSION } from "@genhook/contract";
import { note, paint, type Terminal } from "../output/terminal.ts";
import { announceOrigin, DATA_FOLDERS, keyFileOf } from "../session/data-folder.ts";
import { FLAKY_PATH, GOOD_PATH, startDemoApp } from "./demo-app.ts";
import { DemoCounts } from "./demo-counts.ts";
import { makeAppSecrets, readOrderRate, setUpDemo, SHOP, startDemoServer, type DemoServerFlags } from "./demo-server.ts";
import { DemoShop } from "./demo-shop.ts";
import { DemoView } from "./demo-view.ts";
import { startOrdersApi } from "./orders-api.ts";

export interface DemoFlags extends DemoServerFlags {
  readonly rate: string;
}

const DATA_DEFAULT = "./genhook-demo-data";

/** Of the flaky endpoint's first attempts one in three fails, of its second ones one in six. */
const FLAKY_ONE_IN = 3;
const PUBLISHED_KEPT = 10_000;
const TERMINAL_ROWS = 24;

const WEBHOOKS: readonly (readonly [topic: string, path: string])[] = [
  ["orders/create", GOOD_PATH],
  ["orders/create", FLAKY_PATH],
  ["orders/paid", GOOD_PATH],
  ["orders/fulfilled", GOOD_PATH],
];

/** `genhook demo`: the server, a shop, an app, and a view of what happens between them, until Ctrl+C. */
export async function demo(flags: DemoFlags, terminal: Terminal): Promise<void> {
  const rate = readOrderRate(flags.rate);
  const data = flags.data ?? DATA_DEFAULT;
  const startedAt = performance.now();
  if (terminal.isErrorTty) note(terminal, "Starting Genhook, a shop and an app …");
  const { genhook, api } = await startDemoServer(flags.port, data);
  const forgetOrigin = announceOrigin(data, genhook);
  const counts = new DemoCounts();
  const publishedAt = new Map<string, number>();
  const secrets = makeAppSecrets();
  const app = await startDemoApp({
    ...secrets,
    onRefused: () => {
      counts.refused += 1;
    },
    fails: (event) => failsOnPurpose(event, counts, (text) => view.note(text), terminal),
    onEvent: (path, event) => {
      const at = publishedAt.get(event.eventId);
      counts.arrived(event.attempt > 1 || at === undefined ? null : performance.now() - at);
      if (path === FLAKY_PATH && event.attempt > 1) cameThrough(event, counts, (text) => view.note(text), terminal);
    },
  });
  const accessToken = await setUpDemo(genhook.origin, api, app, secrets, WEBHOOKS);
  const tokenFile = join(data, "demo-access-token");
  writeFileSync(tokenFile, `${accessToken}\n`, { mode: 0o600 });
  const shop = new DemoShop({
    api,
    domain: SHOP,
    seed: Math.floor(Math.random() * 1_000_000) + 1,
    onChange: () => undefined,
    onPublished: (_, eventId, at) => {
      counts.publishedOne();
      publishedAt.set(eventId, at);
      if (publishedAt.size > PUBLISHED_KEPT) publishedAt.delete(publishedAt.keys().next().value ?? "");
    },
    onFailed: (error) => {
      counts.publishFailed += 1;
      view.note(`${time()}  publish failed: ${error instanceof Error ? error.message : String(error)}`);
    },
  });
  const orders = await startOrdersApi({ book: shop.book, accessToken, now: Date.now });
  const view = new DemoView(
    {
      terminal,
      size: () => ({ columns: terminal.width, rows: process.stdout.rows ?? TERMINAL_ROWS }),
      shop: SHOP,
      flakyPath: FLAKY_PATH,
      addresses: addressesOf(genhook.origin, orders.origin, data, tokenFile),
    },
    counts,
  );
  view.start();
  await shop.place();
  view.note(`${time()}  first order published ${((performance.now() - startedAt) / 1_000).toFixed(1)} s after the start`);
  shop.start(1_000 / rate);
  await untilInterrupted(terminal);
  forgetOrigin();
  await shop.stop();
  await genhook.stop();
  await app.close();
  await orders.close();
  view.stop();
}

function addressesOf(origin: string, shopOrigin: string, data: string, tokenFile: string): readonly (readonly [string, string])[] {
  // The usual folder is found without being named.
  const folder = DATA_FOLDERS.includes(data) ? "" : ` --data ${data}`;
  return [
    ["open", `${origin}, /docs (the API), /metrics`],
    ["", `sign in with the key in ${keyFileOf(data)}`],
    ["try", `npx genhook trigger orders/paid${folder}`],
    ["", `npx genhook tail --failed${folder}`],
    ["or poll", `${shopOrigin}/api/${CURRENT_VERSION}/orders`],
    ["", `the token is in ${tokenFile}`],
    ["compare", "npx genhook demo --compare"],
    ["stop", "Ctrl+C"],
  ];
}

/** Whether the flaky endpoint fails this attempt; the same events at every run of an attempt. */
function failsOnPurpose(event: WebhookEvent, counts: DemoCounts, tell: (text: string) => void, terminal: Terminal): boolean {
  const draw = Number.parseInt(event.eventId.slice(-4), 16);
  if (event.attempt > 2 || draw % (FLAKY_ONE_IN * event.attempt) !== 0) return false;
  counts.attemptsFailed += 1;
  counts.waiting.add(event.deliveryId);
  tell(
    `${time()}  order ${orderOf(event)}  ${paint(terminal, "red", "✗")} attempt ${event.attempt} answered 500, tried again in about ${event.attempt} s`,
  );
  return true;
}

function cameThrough(event: WebhookEvent, counts: DemoCounts, tell: (text: string) => void, terminal: Terminal): void {
  counts.recovered += 1;
  counts.waiting.delete(event.deliveryId);
  tell(`${time()}  order ${orderOf(event)}  ${paint(terminal, "green", "✓")} attempt ${event.attempt} came through`);
}

function orderOf(event: WebhookEvent): string {
  const { order } = event.payload as { readonly order?: { readonly id?: string } };
  return (order?.id ?? event.eventId).slice(-8);
}

function untilInterrupted(terminal: Terminal): Promise<void> {
  const interrupts = terminal.interrupts();
  return new Promise((resolve) => {
    interrupts.addEventListener("abort", () => resolve());
  });
}

function time(): string {
  return new Date().toTimeString().slice(0, 8);
}
