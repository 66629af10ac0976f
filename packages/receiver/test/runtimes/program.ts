// What the kit promises on every runtime, checked with nothing but what every runtime has. Bundled, and run on each.
import {
  fetchReceiver,
  memoryStore,
  verifyHmac,
  verifyQuery,
  verifySignature,
  type ReceiverError,
  type WebhookEvent,
} from "../../src/index.ts";
import { gapDetector } from "../../src/sequence/index.ts";
import { makeSigningKeys, makeSigningSecret, signedRequest } from "../../src/testing/index.ts";
import vectors from "../../vectors/vectors.json" with { type: "json" };

export interface Outcome {
  readonly passed: number;
  readonly failed: readonly string[];
}

type Check = readonly [name: string, check: () => Promise<void>];

/** Runs all, whatever fails. */
export async function runChecks(checks: readonly Check[]): Promise<Outcome> {
  const failed: string[] = [];
  for (const [name, check] of checks) {
    await check().catch((error: unknown) => failed.push(`${name}: ${String(error)}`));
  }
  return { passed: checks.length - failed.length, failed };
}

export function same(found: unknown, wanted: unknown): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`);
}

export function portableChecks(): readonly Check[] {
  return [
    ...vectorChecks(),
    ["receives, deduplicates and refuses over fetch", receives],
    ["v1a with fresh keys", freshKeys],
    ["finds gaps", findsGaps],
  ];
}

function vectorChecks(): Check[] {
  const bytesOf = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const expecting = async (wanted: string, promise: Promise<unknown>): Promise<void> => {
    same(
      await promise.then(
        () => "valid",
        (error: ReceiverError) => error.reason,
      ),
      wanted,
    );
  };
  return [
    ...vectors.standard.map(({ name, secrets, headers, bodyBase64, nowSeconds, toleranceSeconds, expected }): Check => [
      `standard: ${name}`,
      () => {
        const options = { toleranceSeconds, now: () => nowSeconds * 1_000 };
        return expecting(expected, verifySignature(bytesOf(bodyBase64), new Headers(headers), secrets, options));
      },
    ]),
    ...vectors.bodyHmac.map(({ name, secrets, headers, bodyBase64, expected }): Check => [
      `body HMAC: ${name}`,
      () => expecting(expected, verifyHmac(bytesOf(bodyBase64), headers, secrets)),
    ]),
    ...vectors.query.map(({ name, secrets, query, expected }): Check => [
      `query: ${name}`,
      () => expecting(expected, verifyQuery(query, secrets)),
    ]),
  ];
}

async function receives(): Promise<void> {
  const signingSecret = await makeSigningSecret();
  const events: WebhookEvent[] = [];
  const handle = fetchReceiver({
    signingSecret,
    clientSecret: "client",
    store: memoryStore(),
    bodyBytesMax: 2_000,
    onEvent: (event) => events.push(event),
    onRefused: () => undefined,
  });
  const post = (more: object = {}): Promise<Request> =>
    signedRequest("https://app.example.com/webhooks", {
      topic: "orders/create",
      signingSecret,
      clientSecret: "client",
      deliveryId: "d1",
      ...more,
    });
  const statuses = [
    (await handle(await post())).status,
    (await handle(await post())).status,
    (await handle(await post({ clientSecret: "other" }))).status,
    (await handle(await post({ signedAt: Date.now() - 400_000 }))).status,
    (await handle(await post({ payload: "x".repeat(3_000) }))).status,
    (await handle(new Request("https://app.example.com/webhooks"))).status,
  ];
  const read = await post();
  await read.text();
  statuses.push((await handle(read)).status);
  same(statuses, [200, 200, 401, 401, 413, 405, 500]);
  same(
    events.map(({ topic, deliveryId }) => [topic, deliveryId]),
    [["orders/create", "d1"]],
  );
}

async function freshKeys(): Promise<void> {
  const { privateKey, publicKey } = await makeSigningKeys();
  const request = await signedRequest("https://app.example.com/", { topic: "shop/update", signingSecret: privateKey });
  await verifySignature(await request.arrayBuffer(), request.headers, publicKey);
}

async function findsGaps(): Promise<void> {
  const detector = gapDetector({ startAt: 1 });
  for (const sequence of [1, 3, 2, 6]) await detector.observe({ webhookId: "1", sequence });
  same(
    (await detector.missing("1")).map(({ from, to }) => [from, to]),
    [[4, 5]],
  );
}
