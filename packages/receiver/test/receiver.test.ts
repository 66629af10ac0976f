import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { expect, test } from "vitest";
import {
  fetchReceiver,
  memoryOf,
  nodeReceiver,
  once,
  receive,
  signedRequest,
  signStandard,
  VerificationError,
  verifyHmac,
  verifyQuery,
  verifySignature,
  type WebhookEvent,
} from "../src/index.ts";

const SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const CLIENT = "client-secret";
const BODY = '{"order":{"id":300157930096874,"total":1.10}}';

const reasonOf = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof VerificationError ? error.reason : String(error);
};

const request = (more: { body?: string; at?: number; deliveryId?: string } = {}): Promise<Request> =>
  signedRequest({
    url: "https://app.example.com/",
    body: BODY,
    topic: "orders/create",
    clientSecret: CLIENT,
    signingSecret: SIGNING,
    ...more,
  });

test("the published vector of the reference implementation", async () => {
  const headers = {
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  };
  const verified = await verifySignature('{"test": 2432232314}', headers, SIGNING, { now: () => 1_614_265_330_000 });
  expect(verified).toEqual({ id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp: 1_614_265_330 });
});

test("what we sign, the public standardwebhooks package takes, and the other way round", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), fc.stringMatching(/^[A-Za-z0-9_]{1,40}$/), async (body, id) => {
      const at = Math.floor(Date.now() / 1_000);
      const theirs = new Webhook(SIGNING);
      const ours = await signStandard(body, id, at, SIGNING);
      expect(theirs.sign(id, new Date(at * 1_000), body)).toBe(ours);
      const headers = { "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": ours };
      expect(() => theirs.verify(body, headers)).not.toThrow();
      await verifySignature(Buffer.from(body), headers, SIGNING);
    }),
  );
});

test("any changed byte, id or time is noticed; another secret too; several signatures and secrets work while one is replaced", async () => {
  const good = await request();
  const headers = Object.fromEntries(good.headers);
  await verifySignature(BODY, headers, SIGNING);
  expect(await reasonOf(verifySignature(`${BODY} `, headers, SIGNING))).toBe("signature_mismatch");
  expect(await reasonOf(verifySignature(BODY, { ...headers, "webhook-id": "other" }, SIGNING))).toBe("signature_mismatch");
  expect(await reasonOf(verifySignature(BODY, headers, "whsec_c29tZSBvdGhlciBzZWNyZXQgb2YgMjQgYg=="))).toBe("signature_mismatch");
  await verifySignature(BODY, headers, ["whsec_c29tZSBvdGhlciBzZWNyZXQgb2YgMjQgYg==", SIGNING]);
  await verifySignature(BODY, { ...headers, "webhook-signature": `v1,AAAA v1a,xyz ${headers["webhook-signature"]}` }, SIGNING);
  expect(await reasonOf(verifySignature(BODY, { ...headers, "webhook-signature": "v2,AAAA" }, SIGNING))).toBe("header_malformed");
  expect(await reasonOf(verifySignature(BODY, {}, SIGNING))).toBe("header_missing");
  expect(await reasonOf(verifySignature(BODY, headers, "whsec_!!!"))).toBe("secret_malformed");
  expect(await reasonOf(verifySignature(BODY, headers, []))).toBe("secret_malformed");
});

test("times outside the tolerance are refused, either way", async () => {
  const headers = Object.fromEntries((await request({ at: 1_000_000_000 })).headers);
  expect(await reasonOf(verifySignature(BODY, headers, SIGNING, { now: () => 1_000_301_000 }))).toBe("timestamp_too_old");
  expect(await reasonOf(verifySignature(BODY, headers, SIGNING, { now: () => 999_699_000 }))).toBe("timestamp_too_new");
  await verifySignature(BODY, headers, SIGNING, { now: () => 1_000_300_000 });
  expect(await reasonOf(verifySignature(BODY, { ...headers, "webhook-timestamp": "1e9" }, SIGNING))).toBe("header_malformed");
});

test("the body HMAC is Genstore's: base64, client secret as UTF-8", async () => {
  const hmac = createHmac("sha256", CLIENT).update(BODY).digest("base64");
  await verifyHmac(BODY, { "x-genstore-hmac-sha256": hmac }, CLIENT);
  await verifyHmac(Buffer.from(BODY), new Headers({ "X-Genstore-Hmac-Sha256": hmac }), ["old", CLIENT]);
  expect(await reasonOf(verifyHmac(`${BODY}\n`, { "x-genstore-hmac-sha256": hmac }, CLIENT))).toBe("signature_mismatch");
  expect(await reasonOf(verifyHmac(BODY, { "x-genstore-hmac-sha256": "%%%" }, CLIENT))).toBe("header_malformed");
  expect(await reasonOf(verifyHmac(BODY, {}, CLIENT))).toBe("header_missing");
  expect(await reasonOf(verifyHmac(BODY, { "x-genstore-hmac-sha256": hmac }, ""))).toBe("secret_malformed");
});

test("the query HMAC: sorted, undecoded, hex", async () => {
  const message = "code=a%20b&shop=suns-shop.genmystore.com&timestamp=1735603199";
  const hmac = createHmac("sha256", CLIENT).update(message).digest("hex");
  await verifyQuery(`?timestamp=1735603199&hmac=${hmac}&code=a%20b&shop=suns-shop.genmystore.com`, CLIENT);
  await verifyQuery(`https://app.example.com/cb?${message}&hmac=${hmac.toUpperCase()}`, CLIENT);
  expect(await reasonOf(verifyQuery(`${message}&hmac=${hmac}&more=1`, CLIENT))).toBe("signature_mismatch");
  expect(await reasonOf(verifyQuery(message, CLIENT))).toBe("header_missing");
  expect(await reasonOf(verifyQuery(`${message}&hmac=12`, CLIENT))).toBe("header_malformed");
});

test("an event is read with its types; a body that is no JSON is said so", async () => {
  const good = await request();
  const event = await receive(BODY, good.headers, { clientSecret: CLIENT, signingSecret: SIGNING });
  expect(event).toMatchObject({
    topic: "orders/create",
    attempt: 1,
    isReplay: false,
    isTest: false,
    sequence: null,
    payload: JSON.parse(BODY) as object,
  });
  const broken = await request({ body: "{" });
  expect(await reasonOf(receive("{", broken.headers, { signingSecret: SIGNING }))).toBe("body_malformed");
  expect(await reasonOf(receive(BODY, good.headers, {}))).toBe("secret_malformed");
});

test("fetch adapter: 200 for a genuine event, 401 for a forged one, 405, 413, and 500 when the work fails", async () => {
  const events: WebhookEvent[] = [];
  const handle = fetchReceiver({
    signingSecret: SIGNING,
    clientSecret: CLIENT,
    bodyBytesMax: 1_000,
    onEvent: (event) => void events.push(event),
  });
  expect((await handle(await request())).status).toBe(200);
  const forged = await request();
  expect((await handle(new Request(forged, { body: `${BODY} `, method: "POST" }))).status).toBe(401);
  expect((await handle(new Request("https://a.example.com/"))).status).toBe(405);
  expect((await handle(await request({ body: `{"a":"${"x".repeat(2_000)}"}` }))).status).toBe(413);
  const failing = fetchReceiver({ signingSecret: SIGNING, onEvent: () => Promise.reject(new Error("down")) });
  expect((await failing(await request())).status).toBe(500);
  expect(events).toHaveLength(1);
});

test("node adapter: the same over a real server", async () => {
  const handle = nodeReceiver({ clientSecret: CLIENT, signingSecret: SIGNING, onEvent: () => undefined });
  const server = createServer((incoming, response) => void handle(incoming, response));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const send = async (body: string): Promise<number> => {
    const { headers } = await request();
    return (await fetch(url, { method: "POST", headers, body })).status;
  };
  expect(await send(BODY)).toBe(200);
  expect(await send(`${BODY} `)).toBe(401);
  expect((await fetch(url)).status).toBe(405);
  server.close();
  server.closeAllConnections();
});

test("work is done once per delivery; a failed one may come again; replays are dropped unless wanted", async () => {
  const memory = memoryOf(2);
  const event = { deliveryId: "d1", isReplay: false } as WebhookEvent;
  let done = 0;
  const work = (): void => void (done += 1);
  await expect(once(event, memory, () => Promise.reject(new Error("down")))).rejects.toThrow("down");
  expect(await once(event, memory, work)).toBe(true);
  expect(await once(event, memory, work)).toBe(false);
  expect(await once({ ...event, isReplay: true }, memory, work)).toBe(false);
  expect(await once({ ...event, isReplay: true }, memory, work, { acceptReplays: true })).toBe(true);
  expect(done).toBe(2);
});
