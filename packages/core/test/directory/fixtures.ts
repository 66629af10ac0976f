import { createHash } from "node:crypto";
import {
  Directory,
  endpointOf,
  type App,
  type Installation,
  type Shop,
  type Subscription,
  type SubscriptionTools,
  type TopicRule,
} from "@genhook/core";

export const NOW = 1_735_603_199_000;

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

export const TOPICS: ReadonlyMap<string, TopicRule> = new Map(
  (
    [
      ["orders/create", "shop", ["read_orders", "write_orders"], false],
      ["products/update", "shop", ["read_products"], false],
      ["app/uninstalled", "app", ["read_apps", "write_apps"], true],
      ["appSubscriptions/update", "app", [], false],
      ["customers/redact", "compliance", [], false],
    ] as const
  ).map(([name, audience, scopes, madeByGenhook]) => [name, { name, audience, scopes, madeByGenhook }]),
);

export function makeShop(id: number, more: Partial<Shop> = {}): Shop {
  const domain = `shop-${id}.genmystore.com`;
  return { id, domain, shopId: String(4_022_054_969_600 + id), plan: "none", createdAt: NOW, updatedAt: NOW, endedAt: null, ...more };
}

export function makeApp(id: number, more: Partial<App> = {}): App {
  return {
    id,
    clientId: id.toString(16).padStart(32, "0"),
    name: `app ${id}`,
    apiVersion: "202412",
    secrets: [],
    webhooks: [],
    complianceWebhooks: {},
    isListed: false,
    contactEmail: null,
    contactUrl: null,
    createdAt: NOW,
    updatedAt: NOW,
    endedAt: null,
    ...more,
  };
}

export function makeInstallation(app: number, shop: number, scopes: readonly string[], more: Partial<Installation> = {}): Installation {
  return { app, shop, scopes, tokenHash: sha256(`${app} ${shop}`), installedAt: NOW, updatedAt: NOW, endedAt: null, ...more };
}

export function makeSubscription(
  id: number,
  app: number,
  shop: number | null,
  topic: string,
  more: Partial<Subscription> = {},
): Subscription {
  const address = `https://app-${app}.example.com/hooks/${id}`;
  return {
    id,
    uuid: `00000000-0000-7000-8000-${id.toString(16).padStart(12, "0")}`,
    app,
    shop,
    topic,
    address,
    endpoint: endpointOf(sha256, app.toString(16).padStart(32, "0"), new URL(address)),
    status: "active",
    statusReason: null,
    settings: {},
    isDeclared: false,
    createdAt: NOW,
    updatedAt: NOW,
    endedAt: null,
    endReason: null,
    ...more,
  };
}

/** Two shops, two apps; app 1 on both shops, app 2 on shop 1. */
export function makeDirectory(subscriptions: readonly Subscription[] = []): Directory {
  const directory = new Directory();
  directory.apply({
    version: 1,
    counters: { shop: 3, app: 3, subscription: 100 },
    shops: [makeShop(1), makeShop(2)],
    apps: [makeApp(1), makeApp(2)],
    installations: [
      makeInstallation(1, 1, ["read_orders", "write_apps"]),
      makeInstallation(1, 2, ["read_orders"]),
      makeInstallation(2, 1, ["read_products"]),
    ],
    subscriptions,
  });
  return directory;
}

export function makeTools(): SubscriptionTools {
  let last = 0;
  return {
    sha256,
    topics: TOPICS,
    newUuid: () => {
      last += 1;
      return `00000000-0000-7000-9000-${last.toString(16).padStart(12, "0")}`;
    },
  };
}
