import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiClient } from "@genhook/contract/client";
import { resolveSettings, startGenhook, type Genhook, type PortalSource } from "@genhook/server";
import { startEndpoint, type Endpoint } from "@genhook/testkit";
import { pino } from "pino";

export const KEY = "portal-test-key-with-32-characters!";
export const SHOP = "suns-shop.genmystore.com";
/** An operator's own looks: a colour that white text would be hard to read on, unless it is darkened. */
export const BRAND = { "portal-name": "Acme Hooks", "portal-color": "#2bb673" };
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" rx="10" fill="#2bb673"/><path d="M11 28l9-17 9 17z" fill="#fff"/></svg>';
/** Fewer than make the breaker open. */
const EVENTS = 8;
const ATTEMPTS = 3;
const OTHER_SHOP = "moons-shop.genmystore.com";

/** A real server with something of everything to show: delivered, dead, waiting, filtered out. */
export interface SeededServer {
  readonly genhook: Genhook;
  readonly api: ApiClient;
  readonly readKey: string;
  readonly clientId: string;
  /** Replaced by a test: the next one signs in with what it is then. */
  clientSecret: string;
  readonly accessToken: string;
  readonly good: Endpoint;
  readonly bad: Endpoint;
  /** From now on the bad endpoint takes everything, or nothing. */
  readonly mend: (isWell: boolean) => void;
  /** The webhook at the bad endpoint, and the endpoint. */
  readonly badWebhook: number;
  readonly badEndpoint: string;
  readonly deadDelivery: string;
  /** An event that one webhook's filter left out. */
  readonly filteredEvent: string;
  readonly stop: () => Promise<void>;
}

const ANSWER = JSON.stringify({ error: 'relation "orders" does not exist', hint: "run the migrations", requestId: "req_81f2" });

export async function startSeededServer(portal: PortalSource): Promise<SeededServer> {
  const folder = mkdtempSync(join(tmpdir(), "genhook-portal-"));
  const logo = join(folder, "logo");
  writeFileSync(logo, LOGO);
  const resolved = resolveSettings(
    {
      port: "0",
      data: folder,
      "allow-private-addresses": true,
      "platform-key": KEY,
      "retry-waits": "20ms,20ms",
      "log-level": "silent",
      "keep-responses": "all",
      ...BRAND,
      "portal-logo": logo,
    },
    {},
  );
  if (!resolved.ok) throw new Error(resolved.errors.join("\n"));
  const genhook = await startGenhook(
    resolved.settings,
    pino({ level: "silent" }),
    (error) => {
      throw error;
    },
    portal,
  );
  const { origin } = genhook;
  const api = new ApiClient({ origin, credentials: { kind: "platform", key: KEY } });
  const state = { isWell: false };
  const good = await startEndpoint();
  const bad = await startEndpoint({
    answer: () =>
      state.isWell
        ? 200
        : (response) => {
            response.writeHead(500, { "Content-Type": "application/json", Server: "nginx" }).end(ANSWER);
          },
  });
  const { clientId, clientSecret, accessToken, own } = await makeApp(api, origin);
  const order = (topic: string, address: string, filter?: string) =>
    own.call("createWebhook", { body: { webhook: { topic, address, ...(filter === undefined ? {} : { filter }) } } });
  await order("orders/create", `${good.url}/hooks/orders`);
  const { webhook } = await order("orders/create", `${bad.url}/hooks/stock`);
  await order("orders/paid", `${good.url}/hooks/paid`, "order.totalPrice > 1000");
  const { topics } = await api.call("listTopics");
  const payloadOf = (name: string): Readonly<Record<string, unknown>> => topics.find((topic) => topic.name === name)?.sample ?? {};
  for (let index = 0; index < EVENTS; index += 1) {
    await api.call("publishEvents", { body: { shop: SHOP, topic: "orders/create", payload: payloadOf("orders/create") } });
  }
  const paid = await api.call("publishEvents", { body: { shop: SHOP, topic: "orders/paid", payload: payloadOf("orders/paid") } });
  const filteredEvent = "event" in paid ? paid.event.id : "";
  const { key } = await api.call("createKey", { body: { name: "wallboard", role: "read" } });
  await good.waitFor(EVENTS);
  await bad.waitFor(EVENTS * ATTEMPTS);
  const deadDelivery = await firstDead(api);
  return {
    genhook,
    api,
    clientId,
    clientSecret,
    accessToken,
    good,
    bad,
    badWebhook: webhook.id,
    badEndpoint: (await api.call("listAllWebhooks")).webhooks.find(({ id }) => id === webhook.id)?.endpointId ?? "",
    deadDelivery,
    filteredEvent,
    readKey: key.key ?? "",
    mend: (isWell) => {
      state.isWell = isWell;
    },
    stop: async () => {
      await genhook.stop();
      await Promise.all([good.close(), bad.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function makeApp(api: ApiClient, origin: string) {
  await api.call("createShop", { body: { domain: SHOP, plan: "advanced" } });
  await api.call("createShop", { body: { domain: OTHER_SHOP, plan: "basic" } });
  const { app } = await api.call("createApp", {
    body: {
      name: "Stock keeper",
      contact: { email: "ops@stock.example" },
      webhooks: [{ topic: "products/update", address: "https://stock.example/hooks/products" }],
    },
  });
  await api.call("createApp", { body: { name: "Loyalty points" } });
  const { clientId, clientSecret = "" } = app;
  const scopes = ["read_orders", "read_products", "write_apps"];
  const { installation } = await api.call("createInstallation", { body: { clientId, shop: SHOP, scopes } });
  const { accessToken = "" } = installation;
  return { clientId, clientSecret, accessToken, own: new ApiClient({ origin, credentials: { kind: "app", accessToken } }) };
}

/** Once all are given up; asked again and again, bounded by the test's own time limit. */
async function firstDead(api: ApiClient): Promise<string> {
  for (;;) {
    const { deliveries } = await api.call("listDeliveries", { query: { state: "dead", limit: 50 } });
    if (deliveries.length >= EVENTS) return deliveries[0]?.id ?? "";
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
