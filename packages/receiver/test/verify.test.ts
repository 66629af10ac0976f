import { createHmac } from "node:crypto";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { describe, expect, test } from "vitest";
import { receive, verifyHmac, verifyQuery, verifySignature, type RawBody } from "../src/index.ts";
import { SIGNATURES_MAX } from "../src/limits.ts";
import { makeSigningKeys, makeSigningSecret, signedRequest, signQuery, signStandard } from "../src/testing/index.ts";
import { BODY, CLIENT, delivery, OTHER_SIGNING, reasonOf, refusal, SIGNING } from "./fixtures.ts";

describe("standard signature", () => {
  test("the published vector of the reference implementation", async () => {
    const headers = {
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    };
    const verified = await verifySignature('{"test": 2432232314}', headers, SIGNING, { now: () => 1_614_265_330_000 });
    expect(verified).toEqual({ id: "msg_p5jXN8AQM9LWM0D4loKWxJek", timestampSeconds: 1_614_265_330 });
  });

  test.each([
    ["standardwebhooks", (secret: string) => new Webhook(secret)],
    ["svix", (secret: string) => new SvixWebhook(secret)],
  ])("what we sign, the public package %s takes, and the other way round", async (_, libraryOf) => {
    await fc.assert(
      fc.asyncProperty(
        fc.json(),
        fc.stringMatching(/^[A-Za-z0-9_]{1,40}$/),
        fc.uint8Array({ minLength: 24, maxLength: 64 }),
        async (body, id, key) => {
          const secret = `whsec_${Buffer.from(key).toString("base64")}`;
          const at = Math.floor(Date.now() / 1_000);
          const theirs = libraryOf(secret);
          const ours = await signStandard(body, id, at, secret);
          expect(theirs.sign(id, new Date(at * 1_000), body)).toBe(ours);
          const headers = { "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": ours };
          expect(() => theirs.verify(body, headers)).not.toThrow();
          await verifySignature(Buffer.from(body), headers, secret);
        },
      ),
    );
  });

  test("any changed byte, id or time is noticed; another secret too", async () => {
    const { headers } = await delivery();
    await verifySignature(BODY, headers, SIGNING);
    expect(await reasonOf(verifySignature(`${BODY} `, headers, SIGNING))).toBe("signature_mismatch");
    expect(await reasonOf(verifySignature(BODY, { ...headers, "webhook-id": "other" }, SIGNING))).toBe("signature_mismatch");
    const later = String(Number(headers["webhook-timestamp"]) + 1);
    expect(await reasonOf(verifySignature(BODY, { ...headers, "webhook-timestamp": later }, SIGNING))).toBe("signature_mismatch");
    expect(await reasonOf(verifySignature(BODY, headers, OTHER_SIGNING))).toBe("signature_mismatch");
  });

  test("while a secret is replaced, several signatures and several secrets work, on either side", async () => {
    const { headers } = await delivery({ signingSecret: [OTHER_SIGNING, SIGNING] });
    for (const secrets of [SIGNING, OTHER_SIGNING, [OTHER_SIGNING, SIGNING], [await makeSigningSecret(), SIGNING]]) {
      await verifySignature(BODY, headers, secrets);
    }
    const { headers: one } = await delivery();
    await verifySignature(BODY, one, [OTHER_SIGNING, SIGNING]);
    await verifySignature(BODY, { ...one, "webhook-signature": `v1,AAAA v1a,xyz v9,!  ${one["webhook-signature"]}` }, SIGNING);
    expect(await reasonOf(verifySignature(BODY, headers, await makeSigningSecret()))).toBe("signature_mismatch");
  });

  test("v1a: Ed25519 with the public key, beside v1, and while keys are replaced", async () => {
    const keys = await makeSigningKeys();
    const next = await makeSigningKeys();
    const { headers } = await delivery({ signingSecret: [SIGNING, keys.privateKey, next.privateKey] });
    expect(headers["webhook-signature"]).toMatch(/^v1,\S+ v1a,\S+ v1a,\S+$/);
    await verifySignature(BODY, headers, SIGNING);
    await verifySignature(BODY, headers, keys.publicKey);
    await verifySignature(BODY, headers, [next.publicKey, OTHER_SIGNING]);
    expect(await reasonOf(verifySignature(`${BODY} `, headers, keys.publicKey))).toBe("signature_mismatch");
    expect(await reasonOf(verifySignature(BODY, headers, (await makeSigningKeys()).publicKey))).toBe("signature_mismatch");
    const { headers: symmetric } = await delivery();
    expect((await refusal(verifySignature(BODY, symmetric, keys.publicKey))).message).toContain("has no v1a signature");
  });

  test("a public key is never an HMAC secret: a v1 signature made with it is not taken", async () => {
    const { publicKey } = await makeSigningKeys();
    const { headers } = await delivery({ signingSecret: publicKey.replace("whpk_", "whsec_") });
    expect(await reasonOf(verifySignature(BODY, headers, publicKey))).toBe("header_malformed");
  });

  test("times outside the tolerance are refused, either way; the message says by how much", async () => {
    const { headers } = await delivery({ signedAt: 1_000_000_000 });
    const old = await refusal(verifySignature(BODY, headers, SIGNING, { now: () => 1_000_301_000 }));
    expect([old.reason, old.message]).toEqual(["timestamp_too_old", expect.stringContaining("301 s ago; 300 s are allowed")]);
    expect(await reasonOf(verifySignature(BODY, headers, SIGNING, { now: () => 999_699_000 }))).toBe("timestamp_too_new");
    await verifySignature(BODY, headers, SIGNING, { now: () => 1_000_300_000 });
    await verifySignature(BODY, headers, SIGNING, { toleranceSeconds: Infinity });
    expect(await reasonOf(verifySignature(BODY, headers, SIGNING, { now: () => 1_000_002_000, toleranceSeconds: 1 }))).toBe(
      "timestamp_too_old",
    );
    expect(await reasonOf(verifySignature(BODY, headers, SIGNING, { toleranceSeconds: Number.NaN }))).toBe("timestamp_too_old");
    for (const time of ["1e9", "1000000000.5", "1000000000abc", "-1", "0x10", "9".repeat(13)]) {
      expect(await reasonOf(verifySignature(BODY, { ...headers, "webhook-timestamp": time }, SIGNING))).toBe("header_malformed");
    }
  });

  test("what is missing or malformed is named", async () => {
    const { headers } = await delivery();
    const without = (name: string): Record<string, string> => Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
    expect(await reasonOf(verifySignature(BODY, {}, SIGNING))).toBe("signature_missing");
    expect((await refusal(verifySignature(BODY, without("webhook-id"), SIGNING))).message).toContain("webhook-id");
    expect(await reasonOf(verifySignature(BODY, without("webhook-timestamp"), SIGNING))).toBe("header_missing");
    expect(await reasonOf(verifySignature(BODY, { ...headers, "webhook-signature": "v2,AAAA" }, SIGNING))).toBe("header_malformed");
    expect(await reasonOf(verifySignature(BODY, { ...headers, "webhook-signature": "v1,!!!" }, SIGNING))).toBe("header_malformed");
    expect(await reasonOf(verifySignature(BODY, headers, "whsec_!!!"))).toBe("secret_malformed");
    expect(await reasonOf(verifySignature(BODY, headers, "whpk_AAAA"))).toBe("secret_malformed");
    expect((await refusal(verifySignature(BODY, headers, "whsk_AAAA"))).message).toContain("private key");
    for (const secret of [undefined, "", [], [undefined], [SIGNING, undefined]]) {
      expect(await reasonOf(verifySignature(BODY, headers, secret))).toBe("secret_missing");
    }
    await verifySignature(BODY, headers, `${SIGNING}\n`);
  });

  test("a header full of signatures costs a bounded number of comparisons, and the true one among the first is found", async () => {
    const { headers } = await delivery();
    const good = headers["webhook-signature"] ?? "";
    const many = (count: number): Record<string, string> => ({ ...headers, "webhook-signature": `${"v1,AAAA ".repeat(count)}${good}` });
    await verifySignature(BODY, many(SIGNATURES_MAX - 1), SIGNING);
    expect(await reasonOf(verifySignature(BODY, many(SIGNATURES_MAX), SIGNING))).toBe("signature_mismatch");
  });

  test("never throws anything else, whatever the headers are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), fc.string(), fc.uint8Array(), async (id, time, signature, body) => {
        const headers = { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": signature };
        expect([
          "signature_missing",
          "signature_mismatch",
          "header_missing",
          "header_malformed",
          "timestamp_too_old",
          "timestamp_too_new",
        ]).toContain(await reasonOf(verifySignature(body, headers, SIGNING)));
      }),
    );
  });
});

describe("body HMAC", () => {
  test("is Genstore's: base64, client secret as UTF-8", async () => {
    const secret = "clé-secrète";
    const hmac = createHmac("sha256", secret).update(BODY).digest("base64");
    await verifyHmac(BODY, { "x-genstore-hmac-sha256": hmac }, secret);
    await verifyHmac(Buffer.from(BODY), new Headers({ "X-Genstore-Hmac-Sha256": hmac }), ["old", secret]);
    expect(await reasonOf(verifyHmac(`${BODY}\n`, { "x-genstore-hmac-sha256": hmac }, secret))).toBe("signature_mismatch");
    expect(await reasonOf(verifyHmac(BODY, { "x-genstore-hmac-sha256": "%%%" }, secret))).toBe("header_malformed");
    expect(await reasonOf(verifyHmac(BODY, {}, secret))).toBe("signature_missing");
    expect(await reasonOf(verifyHmac(BODY, { "x-genstore-hmac-sha256": hmac }, ""))).toBe("secret_missing");
  });

  test("bytes are taken in every form in which servers hand them out, also from another realm", async () => {
    const bytes = Buffer.from(BODY);
    const hmac = { "x-genstore-hmac-sha256": createHmac("sha256", CLIENT).update(BODY).digest("base64") };
    const foreign = runInNewContext("Uint8Array.from(bytes)", { bytes: [...bytes] }) as Uint8Array;
    expect(foreign instanceof Uint8Array).toBe(false);
    const whole = new Uint8Array(bytes).buffer;
    const forms: RawBody[] = [BODY, bytes, Uint8Array.from(bytes), whole, foreign, Buffer.concat([Buffer.from("xx"), bytes]).subarray(2)];
    for (const form of forms) await verifyHmac(form, hmac, CLIENT);
  });
});

describe("query HMAC", () => {
  test("sorted, undecoded, hex", async () => {
    const message = "code=a%20b&shop=suns-shop.genmystore.com&timestamp=1735603199";
    const hmac = createHmac("sha256", CLIENT).update(message).digest("hex");
    const parameters = await verifyQuery(`?timestamp=1735603199&hmac=${hmac}&code=a%20b&shop=suns-shop.genmystore.com`, CLIENT);
    expect(Object.fromEntries(parameters)).toEqual({ code: "a b", shop: "suns-shop.genmystore.com", timestamp: "1735603199" });
    await verifyQuery(`https://app.example.com/cb?${message}&hmac=${hmac.toUpperCase()}#top`, ["old", CLIENT]);
    await verifyQuery(`/cb?${message}&hmac=${hmac}`, CLIENT);
    expect(await reasonOf(verifyQuery(`${message}&hmac=${hmac}&more=1`, CLIENT))).toBe("signature_mismatch");
    expect(await reasonOf(verifyQuery(`${message.replace("%20", "+")}&hmac=${hmac}`, CLIENT))).toBe("signature_mismatch");
    expect(await reasonOf(verifyQuery(message, CLIENT))).toBe("signature_missing");
    // A colon in the first parameter makes no address of it.
    expect(await reasonOf(verifyQuery(`a:b=1&hmac=${"0".repeat(64)}`, CLIENT))).toBe("signature_mismatch");
    expect(await reasonOf(verifyQuery(`${message}&hmac=12`, CLIENT))).toBe("header_malformed");
    expect(await reasonOf(verifyQuery(`${message}&hmac=${hmac}&hmac=${hmac}`, CLIENT))).toBe("header_malformed");
  });

  test("a name that begins with another one sorts after it, as by name, not as name=value would", async () => {
    const hmac = createHmac("sha256", CLIENT).update("id=2&id2=1").digest("hex");
    await verifyQuery(`id2=1&id=2&hmac=${hmac}`, CLIENT);
    expect(await signQuery("id2=1&id=2", CLIENT)).toBe(`id2=1&id=2&hmac=${hmac}`);
  });

  test("a value may hold a question mark, an equals sign, nothing at all", async () => {
    for (const query of ["next=https://a.example.com/?x=1&b", "a=b=c", "a=&b=?", "__proto__=1&constructor=2"]) {
      expect(await verifyQuery(await signQuery(query, CLIENT), CLIENT)).toEqual(new URLSearchParams(query.split("&").sort().join("&")));
    }
  });

  test("its age is checked where it is asked for", async () => {
    const query = await signQuery("shop=a.genmystore.com&timestamp=1000000", CLIENT);
    await verifyQuery(query, CLIENT);
    await verifyQuery(query, CLIENT, { toleranceSeconds: 60, now: () => 1_000_060_000 });
    expect(await reasonOf(verifyQuery(query, CLIENT, { toleranceSeconds: 60, now: () => 1_000_061_000 }))).toBe("timestamp_too_old");
    expect(await reasonOf(verifyQuery(await signQuery("shop=a", CLIENT), CLIENT, { toleranceSeconds: 60 }))).toBe("header_malformed");
  });
});

describe("receive", () => {
  test("every secret that is named must fit: one that is not set does not turn its check off", async () => {
    const { headers, body } = await delivery();
    await receive(body, headers, { signingSecret: SIGNING, clientSecret: CLIENT });
    await receive(body, headers, { clientSecret: CLIENT });
    expect(await reasonOf(receive(body, headers, { signingSecret: undefined, clientSecret: CLIENT }))).toBe("secret_missing");
    expect(await reasonOf(receive(body, headers, { signingSecret: SIGNING, clientSecret: "other" }))).toBe("signature_mismatch");
    expect(await reasonOf(receive(body, headers, { signingSecret: OTHER_SIGNING, clientSecret: CLIENT }))).toBe("signature_mismatch");
    expect(await reasonOf(receive(body, headers, {}))).toBe("secret_missing");
  });

  test("a signed request is a delivery", async () => {
    const request = await signedRequest("https://app.example.com/", { topic: "orders/create", signingSecret: SIGNING });
    const event = await receive(await request.arrayBuffer(), request.headers, { signingSecret: SIGNING });
    expect(event).toMatchObject({ topic: "orders/create", payload: { order: { id: "300157930096874" } } });
  });
});
