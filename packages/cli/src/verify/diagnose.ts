import { ReceiverError, verifyHmac, verifyQuery, verifySignature } from "@genhook/receiver";
import { signHmac, signStandard } from "@genhook/receiver/testing";
import { formatSpan } from "../output/time.ts";

/** What came of checking one signature. */
export interface Finding {
  /** What was checked: a header, or the query. */
  readonly what: string;
  readonly isRight: boolean;
  /** Why not, or what else is to be said; each a sentence. */
  readonly says: readonly string[];
}

type Headers = Readonly<Record<string, string>>;
type Bytes = Uint8Array<ArrayBuffer>;

interface BodyVariant {
  readonly body: Bytes;
  readonly says: string;
}

const encoder = new TextEncoder();

/** Checks `X-Genstore-Hmac-Sha256`; where it is wrong, finds out what it would be right for. */
export async function diagnoseHmac(body: Bytes, headers: Headers, clientSecret: string, signingSecret: string | null): Promise<Finding> {
  const what = "X-Genstore-Hmac-Sha256";
  const given = headers["x-genstore-hmac-sha256"] ?? "";
  const fits = (bytes: Bytes, secret: string, value: string = given): Promise<boolean> =>
    isGood(() => verifyHmac(bytes, { [what]: value }, secret));
  if (await fits(body, clientSecret)) return { what, isRight: true, says: [] };
  for (const { body: variant, says } of bodyVariants(body)) {
    if (await fits(variant, clientSecret)) return { what, isRight: false, says: [`It fits the body ${says}.`] };
  }
  if (clientSecret.trim() !== clientSecret && (await fits(body, clientSecret.trim()))) {
    return { what, isRight: false, says: ["It fits the client secret without the white space around it."] };
  }
  if (signingSecret !== null && (await fits(body, signingSecret))) {
    return { what, isRight: false, says: ["It was made with the signing secret: this header is made with the client secret."] };
  }
  const expected = await signHmac(body, clientSecret);
  if (/^[0-9a-f]{64}$/i.test(given) && Buffer.from(given, "hex").toString("base64") === expected) {
    return { what, isRight: false, says: ["It is the right one in hex; the header carries base64."] };
  }
  if (given.replaceAll("-", "+").replaceAll("_", "/").replace(/=*$/, "") === expected.replace(/=*$/, "")) {
    return { what, isRight: false, says: ["It is the right one in base64url or without its padding; the header carries plain base64."] };
  }
  const shape = /^[A-Za-z0-9+/]{43}=$/.test(given) ? [] : ["It is not 32 bytes in base64 at all: was it cut off?"];
  return {
    what,
    isRight: false,
    says: [...shape, `given ${given}, expected ${expected}`, "The body was changed on the way, or another app's secret was used."],
  };
}

export interface StandardOptions {
  readonly signingSecret: string;
  readonly clientSecret: string | null;
  /** Seconds that the timestamp may lie away; null: only told. */
  readonly toleranceSeconds: number | null;
  /** Wall time, ms. */
  readonly now: number;
}

const NO_SIGNING_SECRET =
  "The signing secret that was given does not begin with whsec_ (or whpk_ for Ed25519). Is it another one, such as the client secret?";
const CHANGED = "The body, webhook-id or webhook-timestamp was changed on the way, or another app's secret was used.";

/** Checks `webhook-signature` with `webhook-id` and `webhook-timestamp`; where it is wrong, finds out what it would be right for. */
export async function diagnoseStandard(body: Bytes, headers: Headers, options: StandardOptions): Promise<Finding> {
  const what = "webhook-signature";
  const fits = (bytes: Bytes, secret: string): Promise<boolean> =>
    isGood(() => verifySignature(bytes, headers, secret, { toleranceSeconds: 1e12 }));
  const malformed = await refusalOf(() => verifySignature(body, headers, options.signingSecret, { toleranceSeconds: 1e12 }));
  const age = ageOf(headers, options);
  if (malformed === null) return { what, isRight: !age.isOutside, says: age.says };
  if (malformed.reason !== "signature_mismatch") return { what, isRight: false, says: [malformed.message] };
  for (const { body: variant, says } of bodyVariants(body)) {
    if (await fits(variant, options.signingSecret)) return { what, isRight: false, says: [`It fits the body ${says}.`] };
  }
  if (!/^wh(sec|pk)_/.test(options.signingSecret.trim())) return { what, isRight: false, says: [NO_SIGNING_SECRET] };
  if (options.signingSecret.trim().startsWith("whpk_")) return { what, isRight: false, says: [CHANGED] };
  if (await fits(body, asWhsec(options.signingSecret))) {
    return {
      what,
      isRight: false,
      says: ["It was made with the secret's text as the key: what stands behind whsec_ must be decoded from base64."],
    };
  }
  if (options.clientSecret !== null && (await fits(body, asWhsec(options.clientSecret)))) {
    return { what, isRight: false, says: ["It was made with the client secret: this header is made with the signing secret."] };
  }
  const expected = await signStandard(body, headers["webhook-id"] ?? "", Number(headers["webhook-timestamp"]), options.signingSecret);
  return {
    what,
    isRight: false,
    says: [`given ${headers[what] ?? ""}, expected ${expected}`, CHANGED],
  };
}

/** Checks the `hmac` of a signed query. */
export async function diagnoseQuery(query: string, clientSecret: string): Promise<Finding> {
  const what = "hmac of the query";
  const refusal = await refusalOf(() => verifyQuery(query, clientSecret));
  if (refusal === null) return { what, isRight: true, says: [] };
  if (refusal.reason !== "signature_mismatch") return { what, isRight: false, says: [refusal.message] };
  if (await isGood(() => verifyQuery(decoded(query), clientSecret))) {
    return { what, isRight: false, says: ["It fits the decoded query: the parameters are signed as they stand in the query, undecoded."] };
  }
  if (await isGood(() => verifyQuery(encodeURI(query), clientSecret))) {
    return { what, isRight: false, says: ["It fits the query with its characters percent-encoded: give it as it came over the wire."] };
  }
  return { what, isRight: false, says: ["A parameter was changed, added or left out on the way, or another app's secret was used."] };
}

/** As far as it can be decoded at all. */
function decoded(query: string): string {
  try {
    return decodeURI(query);
  } catch {
    return query;
  }
}

/** Bodies that were probably meant, and how they differ from the one that is there. */
function bodyVariants(body: Bytes): readonly BodyVariant[] {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
  const variants: { readonly text: string; readonly says: string }[] = [
    { text: text.replace(/\r?\n$/, ""), says: "without the line break at its end, which the tool that saved it has added" },
    { text: text.replace(/\s+$/, ""), says: "without the white space at its end" },
    { text: `${text}\n`, says: "with a line break at its end, which was lost" },
    { text: text.replaceAll("\r\n", "\n"), says: "with LF for CRLF: line ends were changed on the way" },
    { text: text.replaceAll(/(?<!\r)\n/g, "\r\n"), says: "with CRLF for LF: line ends were changed on the way" },
    { text: text.replace(/^\uFEFF/, ""), says: "without the byte order mark at its beginning" },
    ...rewritten(text),
  ];
  return variants
    .filter((variant) => variant.text !== text)
    .map(({ text: each, says }) => ({ body: new Uint8Array(encoder.encode(each)), says }));
}

function rewritten(text: string): readonly { readonly text: string; readonly says: string }[] {
  try {
    const value: unknown = JSON.parse(text);
    const says = "as JSON.stringify writes it: the JSON was parsed and written again; check the raw bytes instead";
    return [
      { text: JSON.stringify(value), says },
      { text: JSON.stringify(value, null, 2), says },
    ];
  } catch {
    return [];
  }
}

function ageOf(
  headers: Headers,
  { toleranceSeconds, now }: StandardOptions,
): { readonly isOutside: boolean; readonly says: readonly string[] } {
  const awayMs = now - Number(headers["webhook-timestamp"]) * 1_000;
  const allowedMs = (toleranceSeconds ?? 300) * 1_000;
  if (Math.abs(awayMs) <= allowedMs) return { isOutside: false, says: [] };
  const away = `It was signed ${formatSpan(Math.abs(awayMs))} ${awayMs > 0 ? "ago" : "ahead of now"}`;
  if (toleranceSeconds !== null) return { isOutside: true, says: [`${away}; ${toleranceSeconds} s are allowed.`] };
  return { isOutside: false, says: [`${away}: a receiver that gets it now refuses it as too ${awayMs > 0 ? "old" : "new"}.`] };
}

function asWhsec(secret: string): string {
  return `whsec_${Buffer.from(secret).toString("base64")}`;
}

async function isGood(check: () => Promise<unknown>): Promise<boolean> {
  return (await refusalOf(check)) === null;
}

async function refusalOf(check: () => Promise<unknown>): Promise<ReceiverError | null> {
  try {
    await check();
    return null;
  } catch (error) {
    if (error instanceof ReceiverError) return error;
    throw error;
  }
}
