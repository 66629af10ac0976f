import { createHmac, createPublicKey, verify } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Webhook } from "standardwebhooks";
import { Webhook as SvixWebhook } from "svix";
import { expect, test } from "vitest";
import { verifyHmac, verifyQuery, verifySignature } from "../src/index.ts";
import { makeVectors, type Vectors } from "../scripts/vectors.ts";
import { refusal } from "./fixtures.ts";

const url = new URL("../vectors/vectors.json", import.meta.url);
const made = `${JSON.stringify(await makeVectors(), null, 2)}\n`;
if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(url)) writeFileSync(url, made);
const vectors = JSON.parse(readFileSync(url, "utf8")) as Vectors;
const bytesOf = (vector: { readonly bodyBase64: string }): Buffer => Buffer.from(vector.bodyBase64, "base64");

async function findingOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "valid",
    async (error: unknown) => (await refusal(Promise.reject(error as Error))).reason,
  );
}

test("the published file is what the script makes", () => expect(readFileSync(url, "utf8")).toBe(made));

test("names are unique, and text is its bytes", () => {
  for (const list of [vectors.standard, vectors.bodyHmac, vectors.query])
    expect(new Set(list.map(({ name }) => name)).size).toBe(list.length);
  for (const vector of [...vectors.standard, ...vectors.bodyHmac]) {
    if (vector.body !== undefined) expect(Buffer.from(vector.body)).toEqual(bytesOf(vector));
  }
});

test.each(vectors.standard.map((vector) => [vector.name, vector] as const))("standard: %s", async (_, vector) => {
  const { headers, secrets, toleranceSeconds, nowSeconds } = vector;
  const options = { toleranceSeconds, now: () => nowSeconds * 1_000 };
  expect(await findingOf(verifySignature(bytesOf(vector), headers, secrets, options))).toBe(vector.expected);
});

test.each(vectors.bodyHmac.map((vector) => [vector.name, vector] as const))("body HMAC: %s", async (_, vector) => {
  expect(await findingOf(verifyHmac(bytesOf(vector), vector.headers, vector.secrets))).toBe(vector.expected);
});

test.each(vectors.query.map((vector) => [vector.name, vector] as const))("query: %s", async (_, vector) => {
  expect(await findingOf(verifyQuery(vector.query, vector.secrets))).toBe(vector.expected);
});

/** Their clock cannot be set, so their sign and our vector are compared; what they verify by the clock is tried in `verify.test.ts`. */
test.each([
  ["standardwebhooks", (secret: string) => new Webhook(secret)],
  ["svix", (secret: string) => new SvixWebhook(secret)],
])("%s signs every valid v1 vector as it stands", (_, libraryOf) => {
  let compared = 0;
  for (const vector of vectors.standard.filter(({ expected }) => expected === "valid")) {
    const { headers, body } = vector;
    if (body === undefined) continue;
    for (const secret of vector.secrets.filter((text) => text.startsWith("whsec_"))) {
      const signature = libraryOf(secret).sign(headers["webhook-id"] ?? "", new Date(Number(headers["webhook-timestamp"]) * 1_000), body);
      if ((headers["webhook-signature"] ?? "").split(" ").includes(signature)) compared += 1;
    }
  }
  expect(compared).toBe(11);
});

test("Node's own cryptography agrees with every valid v1a, body and query vector", () => {
  let v1a = 0;
  for (const { headers, secrets, expected, ...body } of vectors.standard) {
    const key = secrets.find((text) => text.startsWith("whpk_"))?.slice("whpk_".length);
    const signatures = (headers["webhook-signature"] ?? "").split(" ").filter((token) => token.startsWith("v1a,"));
    if (expected !== "valid" || key === undefined || signatures.length === 0) continue;
    const publicKey = createPublicKey({
      format: "jwk",
      key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(key, "base64").toString("base64url") },
    });
    const signed = Buffer.concat([Buffer.from(`${headers["webhook-id"]}.${headers["webhook-timestamp"]}.`), bytesOf(body)]);
    expect(signatures.some((token) => verify(null, signed, publicKey, Buffer.from(token.slice(4), "base64")))).toBe(true);
    v1a += 1;
  }
  for (const { headers, secrets, ...body } of vectors.bodyHmac.filter(({ expected }) => expected === "valid")) {
    const macs = secrets.map((secret) => createHmac("sha256", secret).update(bytesOf(body)).digest("base64"));
    expect(macs).toContain(headers["X-Genstore-Hmac-Sha256"]);
  }
  for (const { query, secrets } of vectors.query.filter(({ expected }) => expected === "valid")) {
    const pairs = query.split("&").map((part) => [part.slice(0, part.indexOf("=")), part] as const);
    const message = pairs
      .filter(([name]) => name !== "hmac")
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, part]) => part)
      .join("&");
    const macs = secrets.map((secret) => createHmac("sha256", secret).update(message).digest("hex"));
    expect(macs).toContain(
      pairs
        .find(([name]) => name === "hmac")?.[1]
        .slice("hmac=".length)
        .toLowerCase(),
    );
  }
  expect(v1a).toBe(7);
});
