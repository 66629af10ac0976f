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
      ["orders/create", "shop", ["read_orders", "write_orders"], false, "order"],
      ["products/update", "shop", ["read_products"], false, "product"],
      ["app/installed", "app", ["read_apps", "write_apps"], true, "installed"],
      ["app/scopesUpdate", "app", ["read_apps", "write_apps"], true, "authScope"],
      ["app/uninstalled", "app", ["read_apps", "write_apps"], true, "uninstalled"],
      ["appSubscriptions/update", "app", [], false, "recurringApplicationCharge"],
      ["customers/redact", "compliance", [], false, "customerRedact"],
    ] as const
  ).map(([name, audience, scopes, madeByGenhook, root]) => [name, { name, audience, scopes, madeByGenhook, root }]),
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
    declaration: { version: 1, changedAt: NOW },
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
  return {
    app,
    shop,
    scopes,
    tokenHash: sha256(`${app} ${shop}`),
    declaration: { version: 1, missing: 0 },
    installedAt: NOW,
    updatedAt: NOW,
    endedAt: null,
    ...more,
  };
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
    host: new URL(address).hostname,
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
    holds: [],
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
