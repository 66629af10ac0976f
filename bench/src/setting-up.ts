import { callApiWith, type CallApi } from "@genhook/testkit";
import { CLIENT_SECRET, KEY, SHOP, SIGNING_SECRET } from "./credentials.ts";

export const call: CallApi = callApiWith(KEY);

/** A shop, and an app on it with one webhook for orders; answers the token with which it can have more. */
export async function setUp(origin: string, address: string): Promise<string> {
  const token = await install(origin, await makeApp(origin), SHOP);
  await subscribe(origin, token, "orders/create", address);
  return token;
}

/** An app; its `clientId`. */
export async function makeApp(origin: string, name = "bench"): Promise<string> {
  const { app } = await call<{ app: { clientId: string } }>(origin, "POST", "/platform/v1/apps", {
    name,
    clientSecret: CLIENT_SECRET,
    signingSecret: SIGNING_SECRET,
  });
  return app.clientId;
}

/** A shop, where it is not there yet, and the app on it; the installation's token. */
export async function install(origin: string, clientId: string, shop: string): Promise<string> {
  await call(origin, "PUT", `/platform/v1/shops/${shop}`, { plan: "advanced" });
  const { installation } = await call<{ installation: { accessToken: string } }>(origin, "POST", "/platform/v1/installations", {
    clientId,
    shop,
    scopes: ["read_orders", "read_products", "write_apps"],
  });
  return installation.accessToken;
}

/** One more webhook; its id. */
export async function subscribe(origin: string, token: string, topic: string, address: string): Promise<number> {
  const { webhook } = await call<{ webhook: { id: number } }>(
    origin,
    "POST",
    "/api/202412/app/webhooks",
    { webhook: { topic, address } },
    token,
  );
  return webhook.id;
}

export function pause(origin: string, token: string, webhookId: number): Promise<unknown> {
  return call(origin, "POST", `/api/202412/app/webhooks/${webhookId}/pause`, undefined, token);
}
