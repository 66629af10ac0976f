import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { GenhookClient } from "@genhook/client";
import { freePort } from "@genhook/testkit";
import { afterAll, expect, test, vi } from "vitest";
import worker from "../../examples/worker/src/worker.ts";
import { SqliteD1 } from "../../examples/worker/test/sqlite-d1.ts";
import { BIN, KEY, makeFolder, ServerProcess, SHOP } from "../src/server-process.ts";

const EXAMPLES = fileURLToPath(new URL("../../examples", import.meta.url));
const folder = makeFolder();
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  folder.remove();
});

/** A program of an example; resolves once it has printed what says that it is ready. */
async function start(args: readonly string[], environment: Readonly<Record<string, string>>, ready: RegExp): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { env: { PATH: process.env["PATH"], ...environment }, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let said = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        said += String(data);
        if (ready.test(said)) resolve();
      });
    }
    child.on("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code}:\n${said}`)));
  });
  return child;
}

/** Hands Node's requests to handlers that speak `fetch`, by path. */
async function serveFetch(handlers: Readonly<Record<string, (request: Request) => Promise<Response>>>): Promise<string> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
      const handler = handlers[request.url ?? ""];
      const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)] as [string, string]);
      const answer = await handler?.(new Request("https://app.example/webhooks", { method: "POST", headers, body: Buffer.concat(chunks) }));
      response.writeHead(answer?.status ?? 404).end(await answer?.text());
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("the examples together: what a platform commits to its outbox arrives in each app once, whoever is killed", async () => {
  const server = new ServerProcess(
    [
      "serve",
      "--port",
      "0",
      "--data",
      join(folder.path, "genhook"),
      "--allow-private-addresses",
      "--retry-waits",
      "100ms,200ms,400ms,800ms,1s,1s,1s",
    ],
    { GENHOOK_PLATFORM_KEY: KEY },
  );
  const origin = await server.listening();
  const platform = new GenhookClient({ origin, key: KEY });
  await platform.call("createShop", { body: { domain: SHOP, plan: "advanced" } });
  const { app } = await platform.call("createApp", { body: { name: "All the examples" } });
  const scopes = ["read_orders", "write_apps"];
  const { installation } = await platform.call("createInstallation", { body: { clientId: app.clientId, shop: SHOP, scopes } });
  const { signingSecret = "" } = app;
  const { accessToken = "" } = installation;

  const DB = new SqliteD1();
  DB.database.exec(readFileSync(join(EXAMPLES, "worker/schema.sql"), "utf8"));
  vi.stubEnv("ORDER_FILE", ":memory:");
  vi.stubEnv("SIGNING_SECRET", signingSecret);
  const { POST } = await import("../../examples/nextjs/app/webhooks/route.ts");
  const { orderDatabase } = await import("../../examples/nextjs/lib/orders.ts");
  const fetchOrigin = await serveFetch({
    "/worker": (request) => worker.fetch(request, { SIGNING_SECRET: signingSecret, DB }),
    "/next": POST,
  });
  const shop = new GenhookClient({ origin, accessToken });
  for (const path of ["/worker", "/next"])
    await shop.call("createWebhook", { body: { webhook: { topic: "orders/create", address: fetchOrigin + path } } });

  const port = String(await freePort());
  const environment = {
    SIGNING_SECRET: signingSecret,
    ACCESS_TOKEN: accessToken,
    SHOP_ORIGIN: origin,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    PORT: port,
    ORDER_FILE: join(folder.path, "orders.db"),
  };
  const orderSync = (): Promise<ChildProcess> => start([join(EXAMPLES, "order-sync/src/main.ts")], environment, /subscribed/);
  const first = await orderSync();
  interface Shown {
    readonly orders: readonly { readonly id: string; readonly financialStatus: string }[];
  }
  /** Asked until it shows so many orders of this status. */
  const shows = async (count: number, status: string): Promise<void> => {
    for (;;) {
      const { orders } = (await (await fetch(`http://127.0.0.1:${port}/orders/${SHOP}`)).json()) as Shown;
      if (orders.filter(({ financialStatus }) => financialStatus === status).length === count) return;
      // Each is a question to the process that is being waited for.
      await setTimeout(20);
    }
  };

  const outbox = join(folder.path, "shop.db");
  const placed = spawnSync(process.execPath, [join(EXAMPLES, "outbox/src/main.ts"), outbox, SHOP, "10"], { encoding: "utf8" });
  expect(placed.stdout).toBe("5 orders placed, 5 sold out\n");
  const relay = await start([BIN, "relay", "--outbox", outbox], { GENHOOK_URL: origin, GENHOOK_PLATFORM_KEY: KEY }, /./);
  await shows(5, "pending");

  first.kill("SIGKILL");
  await once(first, "exit");
  const paid = Array.from({ length: 5 }, (_, n) => ({
    shop: SHOP,
    topic: "orders/paid",
    payload: { order: { id: String(n + 1), financialStatus: "paid" } },
  }));
  await platform.publisher().publishAll(paid);
  await orderSync();
  await shows(5, "paid");
  const webhooks = await shop.call("countWebhooks");
  expect(webhooks.count).toBe(8);

  const idsOf = (database: typeof DB.database, table: string): unknown[] =>
    database
      .prepare(`SELECT id FROM ${table} ORDER BY id`)
      .all()
      .map(({ id }) => id);
  for await (const { state } of platform.entries("listDeliveries", { query: { topic: "orders/create" } })) expect(state).toBe("delivered");
  expect(idsOf(DB.database, "orders")).toEqual(["1", "2", "3", "4", "5"]);
  expect(idsOf(orderDatabase(), "shop_order")).toEqual(["1", "2", "3", "4", "5"]);
  vi.unstubAllEnvs();
  relay.kill("SIGTERM");
  await once(relay, "exit");
  server.kill("SIGTERM");
  await server.exited;
});
