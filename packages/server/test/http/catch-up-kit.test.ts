import { fetchReceiver, memoryStore, processOnce, readId, type WebhookEvent } from "@genhook/receiver";
import { catchUp, closeGaps, gapDetector } from "@genhook/receiver/sequence";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, SHOP, type Installed } from "../harness.ts";

const h = new Harness();
let own: Installed;

beforeAll(async () => {
  await h.start({ "retry-waits": "1ms" });
  own = await h.install();
});
afterAll(() => h.stop());

const publish = async (id: number): Promise<void> => {
  expect((await h.publish("orders/create", { order: { id } })).status).toBe(202);
};

test("an app that was away finds its gaps with the kit: each event is processed once, whichever way it came", async () => {
  const store = memoryStore();
  const gaps = gapDetector({ startAt: 1 });
  const orders: string[] = [];
  const work = (event: WebhookEvent<"202412">): void => {
    if (event.topic === "orders/create") orders.push(readId(event.payload.order.id));
  };
  const receiver = fetchReceiver({ signingSecret: own.signingSecret, apiVersion: "202412", store, gaps, onEvent: work });
  let isAway = false;
  const endpoint = await h.endpoint({
    answer: async ({ headers, body }) => {
      if (isAway) return 500;
      const request = new Request("https://app.example/", {
        method: "POST",
        headers: headers as Record<string, string>,
        body: new Uint8Array(body),
      });
      return (await receiver(request)).status;
    },
  });
  const webhook = { topic: "orders/create", address: endpoint.url, sequence: true };
  const made = await h.call("POST", "/api/202412/app/webhooks", { webhook }, { token: own.token });
  const webhookId = String(made.body.webhook.id);
  const settled = async (state: string, count: number): Promise<string[]> => {
    const path = `/platform/v1/deliveries?state=${state}&webhookId=${webhookId}`;
    const { body } = await h.until(path, (answer) => answer.body.deliveries.length === count);
    return (body.deliveries as { id: string }[]).map(({ id }) => id);
  };

  await publish(1);
  await settled("delivered", 1);
  isAway = true;
  for (const id of [2, 3]) await publish(id);
  const dead = await settled("dead", 2);
  isAway = false;
  await publish(4);
  await settled("delivered", 2);
  isAway = true;
  await publish(5);
  await settled("dead", 3);
  isAway = false;
  expect(orders).toEqual(["1", "4"]);
  expect(await gaps.missing(webhookId, 0)).toMatchObject([{ from: 2, to: 3 }]);

  const access = { shopDomain: SHOP, baseUrl: h.origin, accessToken: own.token, apiVersion: "202412", webhookId } as const;
  const process = (event: WebhookEvent<"202412">): Promise<unknown> => processOnce(event, store, () => work(event));
  expect(await closeGaps({ ...access, detector: gaps, graceMs: 0, process })).toEqual({ processed: 3, lost: [] });
  expect(orders).toEqual(["1", "4", "2", "3", "5"]);
  expect(await gaps.missing(webhookId, 0)).toEqual([]);

  // What somebody then replays was processed, as the same deliveries.
  for (const id of dead) expect((await h.call("POST", `/platform/v1/deliveries/${id}/replay`)).status).toBe(202);
  await settled("delivered", 4);
  expect(orders).toHaveLength(5);

  const numbers: (readonly [number, string])[] = [];
  for await (const entry of catchUp({ ...access, after: 0, limit: 2 })) {
    if (entry.state === "available" && entry.event.topic === "orders/create")
      numbers.push([entry.sequence, readId(entry.event.payload.order.id)]);
  }
  expect(numbers).toEqual([1, 2, 3, 4, 5].map((n) => [n, String(n)]));
});
