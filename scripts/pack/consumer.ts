/** Compiler settings under which the packages' types must hold: modules as Node finds them, and as bundlers do. */
export const CONSUMER_MODULES: Readonly<Record<string, object>> = {
  nodenext: { module: "nodenext", lib: ["es2023"] },
  bundler: { module: "esnext", moduleResolution: "bundler", lib: ["es2023", "dom"] },
};

/** Uses every entry that a user's program would, with the types that it would lean on; prints what it found. */
export const CONSUMER = `
import { GenhookClient, PublishError, type Published } from "@genhook/client";
import { insertEventSync, outboxInsert, OutboxError, sqliteSchema } from "@genhook/outbox";
import { fetchReceiver, memoryStore, readId, ReceiverError, type EventOf, type WebhookEvent } from "@genhook/receiver";
import { expressReceiver } from "@genhook/receiver/express";
import { fastifyReceiver } from "@genhook/receiver/fastify";
import { honoReceiver } from "@genhook/receiver/hono";
import { koaReceiver } from "@genhook/receiver/koa";
import { lambdaReceiver } from "@genhook/receiver/lambda";
import { nextReceiver } from "@genhook/receiver/next";
import { nodeReceiver } from "@genhook/receiver/node";
import { publishedKeys } from "@genhook/receiver/keys";
import { postgresInbox } from "@genhook/receiver/postgres";
import { redisInbox } from "@genhook/receiver/redis";
import { sqliteInbox } from "@genhook/receiver/sqlite";
import { closeGaps, gapDetector } from "@genhook/receiver/sequence";
import { makeSigningSecret, signedRequest } from "@genhook/receiver/testing";

declare module "@genhook/receiver/topics" {
  interface TopicPayloads {
    "loyalty/points": { "202412": { points: { customerId: string; balance: number } } };
  }
}

const balance = (event: WebhookEvent<"202412">): number | null => (event.topic === "loyalty/points" ? event.payload.points.balance : null);
const idOf = (event: EventOf<"orders/create", "202412">): string => readId(event.payload.order.id);

const client = new GenhookClient({ origin: "http://127.0.0.1:1", key: "a-key", retry: { attemptsMax: 1, waitMaxMs: 0 } });
const error: unknown = await client.publish({ shop: "a.example", topic: "orders/create", payload: {} }).then(
  (published: Published) => published,
  (thrown: unknown) => thrown,
);
if (!(error instanceof PublishError) || error.code !== "unreachable") throw new Error("the client said " + String(error));

const signingSecret = await makeSigningSecret();
let received = "";
const receiver = fetchReceiver({
  signingSecret,
  apiVersion: "202412",
  store: memoryStore(),
  onEvent: (event) => {
    if (event.topic === "orders/create") received = idOf(event);
    else received = String(balance(event));
  },
});
const { status } = await receiver(await signedRequest("https://app.example/webhooks", { topic: "orders/create", signingSecret }));
const entries = [expressReceiver, fastifyReceiver, honoReceiver, koaReceiver, lambdaReceiver, nextReceiver, nodeReceiver, publishedKeys,
  postgresInbox, redisInbox, sqliteInbox, closeGaps, gapDetector, ReceiverError, insertEventSync, outboxInsert, OutboxError, sqliteSchema];
console.log("answered " + status + " to order " + received + ", " + entries.filter((entry) => typeof entry === "function").length + " more entries");
`;
