import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { ApiClient } from "@genhook/contract/client";
import { PortalBuild } from "@genhook/dashboard";
import { EXIT_USAGE, settingsFrom, StartError, startServer, type Genhook } from "@genhook/server";
import { keyFileOf } from "../session/data-folder.ts";
import type { LocalServer } from "./local-server.ts";

export interface DemoServerFlags {
  readonly port: string;
  readonly data?: string;
}

export const SHOP = "demo-shop.genmystore.com";
const CLIENT_ID = "DE30DE30DE30DE30DE30DE30DE30DE30";
/** So short that retries are seen while one watches. */
const RETRY_WAITS = "1s,2s,4s,8s,15s,30s,60s";

export interface AppSecrets {
  readonly clientSecret: string;
  readonly signingSecret: string;
}

/** Made anew at each start: the demo's app forgets nothing that it would need. */
export function makeAppSecrets(): AppSecrets {
  return { clientSecret: randomBytes(24).toString("hex"), signingSecret: `whsec_${randomBytes(32).toString("base64")}` };
}

/** A whole Genhook in this process; on a free port where the wanted one is taken. */
export async function startDemoServer(port: string, data: string): Promise<{ readonly genhook: Genhook; readonly api: ApiClient }> {
  const genhook = await startOn(port, data).catch((error: unknown) => {
    if (error instanceof StartError && error.message.startsWith("Port ")) return startOn("0", data);
    throw error;
  });
  const key = genhook.newPlatformKey ?? readFileSync(keyFileOf(data), "utf8").trim();
  return { genhook, api: new ApiClient({ origin: genhook.origin, credentials: { kind: "platform", key } }) };
}

async function startOn(port: string, data: string): Promise<Genhook> {
  const streams = { out: () => undefined, error: () => undefined };
  const flags = { port, data, "allow-private-addresses": true, "retry-waits": RETRY_WAITS, "log-level": "error" };
  const portal = new PortalBuild();
  const die = (error: Error): void => {
    process.stderr.write(`genhook: ${error.message}\n`);
    process.exit(1);
  };
  const genhook = await startServer(settingsFrom(flags, {}, streams), streams, die, () => undefined, portal);
  // Its page says when it could not be built; the demo goes on without it.
  portal.start(() => undefined);
  return {
    ...genhook,
    stop: () => {
      portal.stop();
      return genhook.stop();
    },
  };
}

/** Makes the shop, the app and its webhooks as a platform and a developer would, through the two APIs. Answers the app's access token. */
export async function setUpDemo(
  origin: string,
  api: ApiClient,
  app: LocalServer,
  secrets: AppSecrets,
  webhooks: readonly (readonly [topic: string, path: string])[],
): Promise<string> {
  const accessToken = `gat_${randomBytes(24).toString("base64url")}`;
  await api.call("putShop", { params: { domain: SHOP }, body: { plan: "advanced" } });
  await api.call("putApp", { params: { clientId: CLIENT_ID }, body: { name: "Demo app", ...secrets } });
  const scopes = ["read_orders", "write_apps"];
  await api.call("putInstallation", { params: { clientId: CLIENT_ID, shop: SHOP }, body: { scopes, accessToken } });
  const own = new ApiClient({ origin, credentials: { kind: "app", accessToken } });
  for await (const { id } of own.entries("listWebhooks")) await own.call("deleteWebhook", { params: { id } });
  for (const [topic, path] of webhooks) await own.call("createWebhook", { body: { webhook: { topic, address: `${app.origin}${path}` } } });
  return accessToken;
}

export function readOrderRate(text: string): number {
  const rate = Number(text);
  if (rate > 0 && rate <= 1_000) return rate;
  throw new StartError("--rate must be a number of orders per second, up to 1000.", EXIT_USAGE);
}
