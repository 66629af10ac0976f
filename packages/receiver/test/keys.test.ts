import { expect, test } from "vitest";
import { receive } from "../src/index.ts";
import { publishedKeys } from "../src/keys/published-keys.ts";
import { makeSigningKeys, signedDelivery } from "../src/testing/index.ts";
import { serve } from "./adapters/serve.ts";
import { CLIENT, delivery, reasonOf, refusal, SIGNING } from "./fixtures.ts";

const jwkOf = (publicKey: string): object => ({
  kty: "OKP",
  crv: "Ed25519",
  x: Buffer.from(publicKey.slice("whpk_".length), "base64").toString("base64url"),
});

/** A key set that can be changed, at a real address. */
async function keySet() {
  const state = { status: 200, body: { keys: [] } as unknown, asked: 0 };
  const server = await serve((_request, response) => {
    state.asked += 1;
    response.writeHead(state.status, { "Content-Type": "application/json" });
    response.end(JSON.stringify(state.body));
  });
  return { state, url: `http://127.0.0.1:${server.port}/.well-known/webhook-keys/ABC`, close: () => server.close() };
}

test("keys are found, kept while they are fresh, and replaced by themselves; another kind of key is skipped", async () => {
  const { state, url, close } = await keySet();
  const [first, second] = [await makeSigningKeys(), await makeSigningKeys()];
  let at = 0;
  const signingSecret = publishedKeys(url, { now: () => at });
  const send = async (privateKey: string): Promise<unknown> => {
    const { headers, body } = await signedDelivery({ topic: "orders/create", signingSecret: privateKey });
    return receive(body, headers, { signingSecret });
  };
  state.body = { keys: [{ kty: "RSA", n: "x" }, jwkOf(first.publicKey)] };
  await Promise.all([send(first.privateKey), send(first.privateKey), send(first.privateKey)]);
  expect(state.asked).toBe(1);
  state.body = { keys: [jwkOf(first.publicKey), jwkOf(second.publicKey)] };
  at = 299_999;
  expect(await reasonOf(send(second.privateKey))).toBe("signature_mismatch");
  at = 300_000;
  await send(second.privateKey);
  await send(first.privateKey);
  expect(state.asked).toBe(2);
  await close();
});

test("while none can be had the last ones hold for a while; keys that were taken back do not", async () => {
  const { state, url, close } = await keySet();
  const { publicKey } = await makeSigningKeys();
  let at = 0;
  const source = publishedKeys(url, { now: () => at });
  state.status = 503;
  await expect(source()).rejects.toThrow("answered 503");
  state.status = 200;
  state.body = { keys: [jwkOf(publicKey)] };
  expect(await source()).toEqual([publicKey]);
  state.status = 503;
  const asked = state.asked;
  for (at = 300_000; at < 310_000; at += 1_000) expect(await source()).toEqual([publicKey]);
  expect(state.asked).toBe(asked + 1);
  at = 3_599_999;
  expect(await source()).toEqual([publicKey]);
  at = 3_600_000;
  await expect(source()).rejects.toThrow("answered 503");
  state.status = 404;
  await expect(source()).rejects.toThrow("has no Ed25519 keys");
  state.status = 200;
  state.body = { nothing: true };
  at += 300_000;
  await expect(source()).rejects.toThrow("has no Ed25519 keys");
  await close();
});

test("secrets from a vault: asked at each request; when it fails the app is to blame, and the delivery comes again", async () => {
  const { headers, body } = await delivery();
  await receive(body, headers, { signingSecret: () => SIGNING, clientSecret: () => Promise.resolve(["older", CLIENT]) });
  const failing = await refusal(receive(body, headers, { signingSecret: () => Promise.reject(new Error("vault is sealed")) }));
  expect([failing.reason, failing.status, failing.message]).toEqual(["secret_missing", 500, expect.stringContaining("vault is sealed")]);
  expect(await reasonOf(receive(body, headers, { signingSecret: () => undefined }))).toBe("secret_missing");
});
