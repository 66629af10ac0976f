import { createPublicKey, verify } from "node:crypto";
import { verifyHmac, verifySignature } from "@genhook/receiver";
import { publishedKeys } from "@genhook/receiver/keys";
import type { Received } from "@genhook/testkit";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, ORDER, SHOP, type Answer, type Installed } from "../harness.ts";

const h = new Harness();

beforeAll(() => h.start());
afterAll(() => h.stop());

const P = "/platform/v1";
const step = (app: Installed, body: Readonly<Record<string, unknown>>): Promise<Answer> =>
  h.call("POST", `${P}/apps/${app.clientId}/secrets`, body);
const secretsOf = async (app: Installed): Promise<string[]> =>
  ((await h.call("GET", `${P}/apps/${app.clientId}`)).body.app.secrets as { kind: string; state: string }[]).map(
    ({ kind, state }) => `${kind} ${state}`,
  );

/** Publishes one order and gives what arrived for it. */
async function nextDelivery(
  app: Installed,
  endpoint: { received: readonly Received[]; waitFor(count: number): Promise<void> },
): Promise<Received> {
  const count = endpoint.received.length + 1;
  expect((await h.publish("orders/create", ORDER)).body.event.deliveries).toBe(1);
  await endpoint.waitFor(count);
  const got = endpoint.received[count - 1];
  if (got === undefined) throw new Error(`nothing arrived for ${app.clientId}`);
  return got;
}

const tokens = (got: Received): string[] => (got.headers["webhook-signature"] ?? "").split(" ");

async function subscribed(): Promise<{ app: Installed; endpoint: Awaited<ReturnType<Harness["endpoint"]>>; end: () => Promise<void> }> {
  const endpoint = await h.endpoint();
  const app = await h.install();
  const id = await h.subscribe(app, "orders/create", endpoint.url);
  const end = async (): Promise<void> => {
    await h.call("DELETE", `/api/202412/app/webhooks/${id}`, undefined, { token: app.token });
  };
  return { app, endpoint, end };
}

test("a signing secret is replaced in two steps, and whoever knows either can verify all the way", async () => {
  const { app, endpoint, end } = await subscribed();
  const staged = await step(app, { kind: "signing", step: "stage" });
  expect([staged.status, staged.body.secret.state, staged.body.secret.kind]).toEqual([200, "staged", "signing"]);
  const fresh = staged.body.secret.secret as string;
  let got = await nextDelivery(app, endpoint);
  expect(tokens(got)).toHaveLength(1);
  await verifySignature(got.body, got.headers, app.signingSecret);
  await expect(verifySignature(got.body, got.headers, fresh)).rejects.toThrow(/does not fit/);

  expect((await step(app, { kind: "signing", step: "use" })).body.secret).toMatchObject({ state: "live", id: staged.body.secret.id });
  got = await nextDelivery(app, endpoint);
  expect(tokens(got).map((token) => token.slice(0, 3))).toEqual(["v1,", "v1,"]);
  for (const secret of [app.signingSecret, fresh]) {
    await verifySignature(got.body, got.headers, secret);
    new Webhook(secret).verify(got.body.toString(), got.headers as Record<string, string>);
  }
  await h.restart();
  got = await nextDelivery(app, endpoint);
  expect(tokens(got)).toHaveLength(2);

  expect((await step(app, { kind: "signing", step: "revoke" })).body.secret.state).toBe("revoked");
  got = await nextDelivery(app, endpoint);
  await verifySignature(got.body, got.headers, fresh);
  await expect(verifySignature(got.body, got.headers, app.signingSecret)).rejects.toThrow(/does not fit/);
  expect(await secretsOf(app)).toEqual(["client live", "signing live"]);
  await end();
});

test("the body's HMAC uses the newest client secret in use: not the staged one, and the old one no more", async () => {
  const { app, endpoint, end } = await subscribed();
  const fresh = (await step(app, { kind: "client", step: "stage", secret: "a-secret-from-the-partner-portal" })).body.secret
    .secret as string;
  expect(fresh).toBe("a-secret-from-the-partner-portal");
  const before = await nextDelivery(app, endpoint);
  await verifyHmac(before.body, before.headers, app.clientSecret);
  await step(app, { kind: "client", step: "use" });
  const after = await nextDelivery(app, endpoint);
  await verifyHmac(after.body, after.headers, fresh);
  await step(app, { kind: "client", step: "revoke" });
  const last = await nextDelivery(app, endpoint);
  await verifyHmac(last.body, last.headers, fresh);
  await end();
});

test("an Ed25519 key is published before it signs; anyone with the key set can verify; its last one can be revoked", async () => {
  const { app, endpoint, end } = await subscribed();
  const keys = (): Promise<Answer> => h.call("GET", `/.well-known/webhook-keys/${app.clientId.toLowerCase()}`, undefined, { key: null });
  expect((await keys()).status).toBe(404);
  expect((await step(app, { kind: "ed25519", step: "use" })).body.code).toBe("secret_step_refused");
  const staged = await step(app, { kind: "ed25519", step: "stage" });
  expect(staged.body.secret).toEqual({
    id: expect.any(String) as string,
    kind: "ed25519",
    state: "staged",
    publicKey: expect.stringMatching(/^whpk_[A-Za-z0-9+/]{43}=$/) as string,
    createTime: expect.any(String) as string,
  });
  const published = await keys();
  expect(published.headers.get("Cache-Control")).toBe("public, max-age=300");
  expect(published.body.keys).toMatchObject([{ kty: "OKP", crv: "Ed25519", kid: staged.body.secret.id, state: "staged" }]);
  expect(tokens(await nextDelivery(app, endpoint))).toHaveLength(1);

  await step(app, { kind: "ed25519", step: "use" });
  const got = await nextDelivery(app, endpoint);
  const [hmac, asymmetric] = tokens(got);
  await verifySignature(got.body, got.headers, app.signingSecret);
  new Webhook(app.signingSecret).verify(got.body.toString(), got.headers as Record<string, string>);
  expect(hmac?.startsWith("v1,")).toBe(true);
  const message = Buffer.concat([Buffer.from(`${got.headers["webhook-id"]}.${got.headers["webhook-timestamp"]}.`), got.body]);
  const signature = Buffer.from(asymmetric?.replace(/^v1a,/, "") ?? "", "base64");
  const [jwk] = published.body.keys as { x: string; publicKey: string }[];
  const fromSet = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: jwk?.x ?? "" }, format: "jwk" });
  expect(verify(null, message, fromSet, signature)).toBe(true);
  const raw = Buffer.from(jwk?.publicKey.slice("whpk_".length) ?? "", "base64").toString("base64url");
  expect(raw).toBe(jwk?.x);
  expect(verify(null, Buffer.concat([message, Buffer.from(" ")]), fromSet, signature)).toBe(false);
  await verifySignature(got.body, got.headers, publishedKeys(`${h.origin}/.well-known/webhook-keys/${app.clientId}`));

  const next = await step(app, { kind: "ed25519", step: "stage" });
  await step(app, { kind: "ed25519", step: "use" });
  expect(tokens(await nextDelivery(app, endpoint)).map((token) => token.split(",")[0])).toEqual(["v1", "v1a", "v1a"]);
  await step(app, { kind: "ed25519", step: "revoke" });
  // The same step again, as after a lost answer: it does not take the key in use away.
  expect((await step(app, { kind: "ed25519", step: "revoke" })).status).toBe(409);
  expect((await keys()).body.keys).toMatchObject([{ kid: next.body.secret.id, state: "live" }]);
  expect((await step(app, { kind: "ed25519", step: "revoke", id: next.body.secret.id })).status).toBe(200);
  expect((await keys()).status).toBe(404);
  expect(tokens(await nextDelivery(app, endpoint))).toHaveLength(1);
  await end();
});

test("a step that does not fit says what to do, and changes nothing", async () => {
  const app = await h.install();
  const refused = async (body: Readonly<Record<string, unknown>>): Promise<unknown[]> => {
    const { status, body: answer } = await step(app, body);
    return [status, answer.code, answer.member, answer.error];
  };
  const conflict = (says: string): unknown[] => [409, "secret_step_refused", "step", expect.stringContaining(says)];
  expect(await refused({ kind: "signing", step: "use" })).toEqual(conflict("begin with the step stage"));
  expect(await refused({ kind: "signing", step: "revoke" })).toEqual(conflict("stage and use another one first"));
  const { id } = (await step(app, { kind: "signing", step: "stage" })).body.secret as { id: string };
  expect(await refused({ kind: "signing", step: "stage" })).toEqual(conflict(`staged already (${id})`));
  expect((await step(app, { kind: "signing", step: "revoke" })).body.secret).toMatchObject({ id, state: "revoked" });
  expect(await secretsOf(app)).toEqual(["client live", "signing live"]);
  await step(app, { kind: "signing", step: "stage" });
  await step(app, { kind: "signing", step: "use" });
  expect(await refused({ kind: "signing", step: "stage" })).toEqual(conflict("is still being replaced"));
  expect(await refused({ kind: "signing", step: "revoke", id: "no-such-id" })).toEqual(conflict("no signing secret with this id"));
  const live = ((await h.call("GET", `${P}/apps/${app.clientId}`)).body.app.secrets as { id: string; kind: string; state: string }[]).find(
    (each) => each.kind === "signing" && each.state === "live",
  );
  expect(await refused({ kind: "signing", step: "revoke", id: live?.id })).toEqual(conflict("is the one in use"));
  expect((await refused({ kind: "ed25519", step: "stage", secret: "0123456789abcdef" })).slice(0, 3)).toEqual([
    422,
    "invalid_member",
    "secret",
  ]);
  expect((await refused({ kind: "signing", step: "stage", secret: "0123456789abcdef" })).slice(0, 3)).toEqual([
    422,
    "invalid_member",
    "secret",
  ]);
  expect((await refused({ kind: "client", step: "use", secret: "0123456789abcdef" })).slice(0, 3)).toEqual([
    422,
    "invalid_member",
    "secret",
  ]);
  expect((await refused({ kind: "client", step: "stage", id })).slice(0, 3)).toEqual([422, "invalid_member", "id"]);
  expect((await h.call("POST", `${P}/apps/${"0".repeat(32)}/secrets`, { kind: "client", step: "stage" })).status).toBe(404);
});

test("two who carry out the same step at once: one does", async () => {
  const app = await h.install();
  await step(app, { kind: "client", step: "stage" });
  const statuses = (await Promise.all([1, 2, 3].map(() => step(app, { kind: "client", step: "use" })))).map(({ status }) => status);
  expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
  expect(await secretsOf(app)).toEqual(["signing live", "client live", "client retiring"]);
});

test("the audit tells each step, and never a secret", async () => {
  const app = await h.install();
  const shown = [app.clientSecret, app.signingSecret, app.token];
  for (const kind of ["client", "signing", "ed25519"]) {
    const { secret } = (await step(app, { kind, step: "stage" })).body.secret as { secret?: string };
    if (secret !== undefined) shown.push(secret);
    await step(app, { kind, step: "use" });
  }
  const audit = await h.call("GET", `${P}/audit?subject=${encodeURIComponent(`app ${app.clientId}`)}&action=rotateSecret`);
  const records = audit.body.records as { before: { secrets: unknown[] }; after: { secrets: { kind: string; state: string }[] } }[];
  expect(records).toHaveLength(6);
  expect(records[0]?.after.secrets.filter((each) => each.kind === "ed25519")).toMatchObject([{ state: "live" }]);
  expect(records[5]?.before.secrets).toHaveLength(2);
  const everything = (await h.call("GET", `${P}/audit?limit=250`)).text;
  for (const secret of shown) expect(everything).not.toContain(secret);
  expect(everything).not.toContain("whsk_");
  expect(SHOP).toBe(app.shop);
});
