import type { Reason } from "../src/index.ts";
import { signHmac, signQuery, signStandard } from "../src/testing/index.ts";

/** What a verifier must find: `valid`, or the kit's word for why not (another implementation may call it otherwise). */
type Expected = "valid" | Reason;

interface VectorBody {
  /** The raw body; left out where it is no text. */
  readonly body?: string;
  readonly bodyBase64: string;
}

export interface StandardVector extends VectorBody {
  readonly name: string;
  /** Any of them may fit. */
  readonly secrets: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  /** The verifier's clock, seconds since 1970. */
  readonly nowSeconds: number;
  readonly toleranceSeconds: number;
  readonly expected: Expected;
}

export interface BodyHmacVector extends VectorBody {
  readonly name: string;
  readonly secrets: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly expected: Expected;
}

export interface QueryVector {
  readonly name: string;
  readonly secrets: readonly string[];
  readonly query: string;
  readonly expected: Expected;
}

export interface Vectors {
  readonly about: readonly string[];
  readonly standard: readonly StandardVector[];
  readonly bodyHmac: readonly BodyHmacVector[];
  readonly query: readonly QueryVector[];
}

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEXT_SECRET = "whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY";
/** The first key pair of RFC 8032, section 7.1. */
const PRIVATE_KEY = "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
const PUBLIC_KEY = "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const OTHER_PUBLIC_KEY = "whpk_PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
const CLIENT_SECRET = "3f9c1f0e5a7b4c2d8e6f00112233445566778899aabbccdd";
const ID = "dlv_0194148c7f2e7c31a4b0d5e6f7a8b9c0_17";
const AT = 1_735_603_199;

const BODIES: readonly (readonly [name: string, body: string | Uint8Array])[] = [
  ["plain JSON", '{"order":{"id":"300157930096874","totalPrice":"409.94"}}'],
  ["white space, key order and number spelling are part of the body", '{ "b": 1.10,\r\n  "a": 1e2 }\n'],
  ["UTF-8 beyond ASCII, escaped and not", '{"note":"Grüße, 北京 🎉 \\u00e9"}'],
  ["numbers beyond 2^53", '{"order":{"id":9223372036854775807}}'],
  ["empty", ""],
  ["bytes that are no UTF-8", Uint8Array.of(0x7b, 0xff, 0xfe, 0x00, 0x7d)],
];

const bodyOf = (body: string | Uint8Array): VectorBody => ({
  ...(typeof body === "string" ? { body } : {}),
  bodyBase64: Buffer.from(body).toString("base64"),
});

/** `vectors/vectors.json`: what any implementation can be tested with. The same bytes at every run. */
export async function makeVectors(): Promise<Vectors> {
  return {
    about: [
      "Test vectors for receivers of Genhook. Use bodyBase64 as the raw body; body is the same for reading.",
      "standard: Standard Webhooks 1.0.0. whsec_ secrets verify v1 (HMAC-SHA256 over id.timestamp.body), whpk_ keys v1a (Ed25519 over the same bytes).",
      "bodyHmac: X-Genstore-Hmac-Sha256, base64 of HMAC-SHA256 over the body, keyed with the client secret as UTF-8.",
      "query: the parameter hmac, hex of HMAC-SHA256 over the other parameters sorted by name, undecoded.",
      "expected: valid, or why not, in the words of @genhook/receiver.",
    ],
    standard: await standardVectors(),
    bodyHmac: await bodyHmacVectors(),
    query: await queryVectors(),
  };
}

async function standardVectors(): Promise<StandardVector[]> {
  const headersOf = async (body: string | Uint8Array, secrets: readonly string[], at = AT): Promise<Record<string, string>> => ({
    "webhook-id": ID,
    "webhook-timestamp": String(at),
    "webhook-signature": (await Promise.all(secrets.map((secret) => signStandard(body, ID, at, secret)))).join(" "),
  });
  const vector = (
    name: string,
    body: string | Uint8Array,
    headers: Record<string, string>,
    secrets: readonly string[],
    expected: Expected,
    more: Partial<StandardVector> = {},
  ): StandardVector => ({ name, secrets, headers, ...bodyOf(body), nowSeconds: AT, toleranceSeconds: 300, expected, ...more });

  const vectors: StandardVector[] = [];
  for (const [name, body] of BODIES) {
    vectors.push(vector(`v1: ${name}`, body, await headersOf(body, [SECRET]), [SECRET], "valid"));
    vectors.push(vector(`v1a: ${name}`, body, await headersOf(body, [PRIVATE_KEY]), [PUBLIC_KEY], "valid"));
  }
  const body = '{"order":{"id":"300157930096874"}}';
  const v1 = await headersOf(body, [SECRET]);
  const v1a = await headersOf(body, [PRIVATE_KEY]);
  const all = await headersOf(body, [NEXT_SECRET, SECRET, PRIVATE_KEY]);
  const signature = v1["webhook-signature"] ?? "";
  const changed = (name: string, value: string): Record<string, string> => ({ ...v1, [name]: value });
  const without = (name: string): Record<string, string> => Object.fromEntries(Object.entries(v1).filter(([key]) => key !== name));
  return [
    ...vectors,
    vector("several signatures, the old secret", body, all, [SECRET], "valid"),
    vector("several signatures, the new secret", body, all, [NEXT_SECRET], "valid"),
    vector("several signatures, the public key", body, all, [PUBLIC_KEY], "valid"),
    vector("one signature, several secrets", body, v1, [NEXT_SECRET, PUBLIC_KEY, SECRET], "valid"),
    vector("unknown versions are skipped", body, changed("webhook-signature", `v9,zzz ${signature}`), [SECRET], "valid"),
    vector("at the edge of the tolerance, past", body, v1, [SECRET], "valid", { nowSeconds: AT + 300 }),
    vector("at the edge of the tolerance, future", body, v1, [SECRET], "valid", { nowSeconds: AT - 300 }),
    vector("a second too old", body, v1, [SECRET], "timestamp_too_old", { nowSeconds: AT + 301 }),
    vector("a second too new", body, v1, [SECRET], "timestamp_too_new", { nowSeconds: AT - 301 }),
    vector("another body", `${body} `, v1, [SECRET], "signature_mismatch"),
    vector("another id", body, changed("webhook-id", `${ID}0`), [SECRET], "signature_mismatch"),
    vector("another time", body, changed("webhook-timestamp", String(AT + 1)), [SECRET], "signature_mismatch"),
    vector("another secret", body, v1, [NEXT_SECRET], "signature_mismatch"),
    vector("v1a: another body", `${body} `, v1a, [PUBLIC_KEY], "signature_mismatch"),
    vector("v1a: another key", body, v1a, [OTHER_PUBLIC_KEY], "signature_mismatch"),
    vector("v1 with a public key alone", body, v1, [PUBLIC_KEY], "header_malformed"),
    vector("v1a with a secret alone", body, v1a, [SECRET], "header_malformed"),
    vector("a signature cut short", body, changed("webhook-signature", signature.slice(0, 23)), [SECRET], "signature_mismatch"),
    vector(
      "v1a: a signature cut short",
      body,
      { ...v1a, "webhook-signature": (v1a["webhook-signature"] ?? "").slice(0, 44) },
      [PUBLIC_KEY],
      "signature_mismatch",
    ),
    vector("signatures without a byte", body, changed("webhook-signature", "v1, v1a,"), [SECRET, PUBLIC_KEY], "signature_mismatch"),
    vector("a time that only begins with one", body, changed("webhook-timestamp", `${AT}abc`), [SECRET], "header_malformed"),
    vector("no signature", body, without("webhook-signature"), [SECRET], "signature_missing"),
    vector("no id", body, without("webhook-id"), [SECRET], "header_missing"),
    vector("no time", body, without("webhook-timestamp"), [SECRET], "header_missing"),
  ];
}

async function bodyHmacVectors(): Promise<BodyHmacVector[]> {
  const name = "X-Genstore-Hmac-Sha256";
  const vectors: BodyHmacVector[] = [];
  for (const [title, body] of BODIES) {
    const headers = { [name]: await signHmac(body, CLIENT_SECRET) };
    vectors.push({ name: title, secrets: [CLIENT_SECRET], headers, ...bodyOf(body), expected: "valid" });
  }
  const body = '{"order":{"id":"300157930096874"}}';
  const headers = { [name]: await signHmac(body, CLIENT_SECRET) };
  const unusual = "clé secrète 🎉";
  return [
    ...vectors,
    { name: "one of several secrets", secrets: ["older", CLIENT_SECRET], headers, ...bodyOf(body), expected: "valid" },
    {
      name: "a secret beyond ASCII",
      secrets: [unusual],
      headers: { [name]: await signHmac(body, unusual) },
      ...bodyOf(body),
      expected: "valid",
    },
    { name: "another body", secrets: [CLIENT_SECRET], headers, ...bodyOf(`${body}\n`), expected: "signature_mismatch" },
    { name: "another secret", secrets: ["another"], headers, ...bodyOf(body), expected: "signature_mismatch" },
    {
      name: "hex instead of base64",
      secrets: [CLIENT_SECRET],
      headers: { [name]: "zz".repeat(32) },
      ...bodyOf(body),
      expected: "signature_mismatch",
    },
    { name: "no base64", secrets: [CLIENT_SECRET], headers: { [name]: "!!" }, ...bodyOf(body), expected: "header_malformed" },
    { name: "no header", secrets: [CLIENT_SECRET], headers: {}, ...bodyOf(body), expected: "signature_missing" },
  ];
}

async function queryVectors(): Promise<QueryVector[]> {
  const secrets = [CLIENT_SECRET];
  const good = await signQuery("shop=suns-shop.genmystore.com&shopId=4022054969604&timestamp=1735603199", CLIENT_SECRET);
  return [
    { name: "an installation link", secrets, query: good, expected: "valid" },
    { name: "in another order", secrets, query: good.split("&").reverse().join("&"), expected: "valid" },
    {
      name: "upper-case hex",
      secrets,
      query: good.replace(/hmac=(.*)$/, (_, hmac: string) => `hmac=${hmac.toUpperCase()}`),
      expected: "valid",
    },
    { name: "values stay encoded", secrets, query: await signQuery("code=a%20b%2Fc&shop=x", CLIENT_SECRET), expected: "valid" },
    { name: "sorted by name, not by name=value", secrets, query: await signQuery("id2=1&id=2&id-3=4", CLIENT_SECRET), expected: "valid" },
    { name: "one of several secrets", secrets: ["older", CLIENT_SECRET], query: good, expected: "valid" },
    { name: "a parameter added", secrets, query: `${good}&admin=1`, expected: "signature_mismatch" },
    { name: "a value changed", secrets, query: good.replace("suns-shop", "moons-shop"), expected: "signature_mismatch" },
    { name: "another secret", secrets: ["another"], query: good, expected: "signature_mismatch" },
    { name: "no hmac", secrets, query: "shop=suns-shop.genmystore.com", expected: "signature_missing" },
    { name: "two of them", secrets, query: `${good}&hmac=${"0".repeat(64)}`, expected: "header_malformed" },
    { name: "not hex", secrets, query: `shop=x&hmac=${"g".repeat(64)}`, expected: "header_malformed" },
  ];
}
