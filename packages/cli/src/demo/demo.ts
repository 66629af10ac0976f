import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { settingsFrom, startServer, StartError, EXIT_USAGE, type Genhook } from "@genhook/server";
import { ApiClient } from "@genhook/contract/client";
import { announceOrigin } from "../session/data-folder.ts";
import { Counts } from "./counts.ts";
import { FLAKY_PATH, GOOD_PATH, startDemoApp, type DemoApp } from "./demo-app.ts";
import { DemoShop } from "./demo-shop.ts";
import { DemoView } from "./demo-view.ts";

export interface DemoFlags {
  readonly port: string;
  readonly data: string;
  readonly rate: string;
}

const SHOP = "demo-shop.genmystore.com";
const CLIENT_ID = "DE30DE30DE30DE30DE30DE30DE30DE30";
/** So short that retries are seen while one watches. */
const RETRY_WAITS = "1s,2s,4s,8s,15s,30s,60s";
/** Of the flaky endpoint's first attempts, one in this many fails; of its second ones one in twice as many. */
const FLAKY_ONE_IN = 3;

/** `genhook demo`: the server, a shop, an app, and a view of what happens between them, until Ctrl+C. */
export async function demo(flags: DemoFlags): Promise<void> {
  const rate = Number(flags.rate);
  if (!(rate > 0 && rate <= 1_000)) throw new StartError("--rate must be a number of orders per second, up to 1000.", EXIT_USAGE);
  const counts = new Counts();
  const secrets = { clientSecret: randomBytes(24).toString("hex"), signingSecret: `whsec_${randomBytes(32).toString("base64")}` };
  const publishedAt = new Map<string, number>();
  const genhook = await startDemoServer(flags);
  const key = genhook.newPlatformKey ?? readFileSync(join(flags.data, "platform-key"), "utf8").trim();
  const api = new ApiClient({ origin: genhook.origin, credentials: { kind: "platform", key } });
  const app = await startDemoApp({
    ...secrets,
    onRefused: () => {
      counts.refused += 1;
    },
    fails: (event) => {
      const fails = event.attempt <= 2 && Number.parseInt(event.eventId.slice(-4), 16) % (FLAKY_ONE_IN * event.attempt) === 0;
      if (fails) counts.flakyFailed += 1;
      return fails;
    },
    onEvent: (path, event) => {
      counts.delivered += 1;
      if (path === FLAKY_PATH && event.attempt > 1) {
        counts.flakyRecovered += 1;
        view.note(`${time()}  ${event.topic} ${event.eventId.slice(-8)} came through at ${path} on attempt ${event.attempt}`);
      }
      const startedAt = publishedAt.get(event.eventId);
      counts.arrived(event.attempt > 1 || startedAt === undefined ? null : performance.now() - startedAt);
    },
  });
  const view = new DemoView(
    {
      isTerminal: process.stdout.isTTY,
      write: (text) => void process.stdout.write(text),
      addresses: [
        `API reference  ${genhook.origin}/docs`,
        `metrics        ${genhook.origin}/metrics`,
        `platform key   in ${join(flags.data, "platform-key")}`,
        `try            npx genhook trigger orders/paid --shop ${SHOP} --url ${genhook.origin} --data ${flags.data}`,
        "stop           Ctrl+C",
      ],
    },
    counts,
  );
  await setUp(genhook.origin, api, app, secrets);
  const shop = new DemoShop(
    api,
    SHOP,
    (eventId, startedAt) => {
      counts.published += 1;
      publishedAt.set(eventId, startedAt);
      if (publishedAt.size > 10_000) publishedAt.delete(publishedAt.keys().next().value ?? "");
    },
    (error) => view.note(`${time()}  publish failed: ${error instanceof Error ? error.message : String(error)}`),
  );
  const startedAt = performance.now();
  const forgetOrigin = announceOrigin(flags.data, genhook.origin);
  view.start();
  shop.start(1_000 / rate);
  await shop.publish();
  view.note(`${time()}  first order published ${Math.round(performance.now() - startedAt)} ms after the start`);
  stopOnSignal(async () => {
    forgetOrigin();
    await shop.stop();
    await genhook.stop();
    await app.close();
    view.stop();
  });
}

async function startDemoServer(flags: DemoFlags): Promise<Genhook> {
  const streams = { out: () => undefined, error: () => undefined };
  const start = (port: string): Promise<Genhook> => {
    const settings = settingsFrom(
      {
        port,
        data: flags.data,
        "allow-private-addresses": true,
        "retry-waits": RETRY_WAITS,
        "log-level": "error",
      },
      {},
      streams,
    );
    return startServer(settings, streams, (error) => {
      process.stderr.write(`genhook: ${error.message}\n`);
      process.exit(1);
    });
  };
  try {
    return await start(flags.port);
  } catch (error) {
    if (error instanceof StartError && error.message.startsWith("Port ")) return start("0");
    throw error;
  }
}

/** Makes the shop, the app and its two webhooks as a platform and a developer would, through the two APIs. */
async function setUp(
  origin: string,
  api: ApiClient,
  app: DemoApp,
  secrets: { clientSecret: string; signingSecret: string },
): Promise<void> {
  const accessToken = `gat_${randomBytes(24).toString("base64url")}`;
  await api.call("putShop", { params: { domain: SHOP }, body: { plan: "advanced" } });
  await api.call("putApp", { params: { clientId: CLIENT_ID }, body: { name: "Demo app", ...secrets } });
  const scopes = ["read_orders", "write_apps"];
  await api.call("putInstallation", { params: { clientId: CLIENT_ID, shop: SHOP }, body: { scopes, accessToken } });
  const own = new ApiClient({ origin, credentials: { kind: "app", accessToken } });
  for await (const { id } of own.entries("listWebhooks")) await own.call("deleteWebhook", { params: { id } });
  const addresses: readonly (readonly [topic: string, path: string])[] = [
    ["orders/create", GOOD_PATH],
    ["orders/create", FLAKY_PATH],
    ["orders/paid", GOOD_PATH],
  ];
  for (const [topic, path] of addresses) await own.call("createWebhook", { body: { webhook: { topic, address: `${app.origin}${path}` } } });
}

function stopOnSignal(stop: () => Promise<void>): void {
  let isStopping = false;
  const onSignal = (): void => {
    if (isStopping) return;
    isStopping = true;
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`genhook: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}

function time(): string {
  return new Date().toTimeString().slice(0, 8);
}
