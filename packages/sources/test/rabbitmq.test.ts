import { rabbitMissing, startRabbit, type ThrowAwayRabbit } from "@genhook/testkit";
import { connect, type ChannelModel, type ConfirmChannel, type GetMessage, type Options } from "amqplib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BrokerError, Intake } from "../src/index.ts";
import { RabbitSource, type RabbitRecord, type RabbitSourceOptions } from "../src/rabbitmq/index.ts";
import { startCutProxy, type CutProxy } from "./cut-proxy.ts";
import { KeptLog } from "./fixtures.ts";
import { Recorder } from "./recorder.ts";

const SHOP = "linen.genmystore.com";

describe.skipIf(rabbitMissing !== null)(`RabbitMQ${rabbitMissing === null ? "" : `: ${rabbitMissing}`}`, () => {
  let server: ThrowAwayRabbit;
  let proxy: CutProxy;
  let connection: ChannelModel;
  let channel: ConfirmChannel;
  let log: KeptLog;
  let recorder: Recorder;
  const running: Intake<RabbitRecord>[] = [];
  let queues = 0;
  let queue = "";

  async function openChannel(): Promise<void> {
    connection = await connect(server.url);
    connection.on("error", () => undefined);
    channel = await connection.createConfirmChannel();
    channel.on("error", () => undefined);
  }
  beforeAll(async () => {
    server = await startRabbit();
    proxy = await startCutProxy(Number(new URL(server.url).port));
    await openChannel();
  }, 120_000);
  afterAll(async () => {
    await connection.close();
    proxy.close();
    await server.stop();
  });
  beforeEach(async () => {
    queues += 1;
    queue = `events ${queues}`;
    recorder = new Recorder();
    log = new KeptLog();
    await channel.assertQueue(queue, { durable: true });
    await channel.assertQueue(`${queue} dead`, { durable: true });
  });
  afterEach(async () => {
    for (const intake of running.splice(0)) await intake.stop();
  });

  async function start(options: Partial<RabbitSourceOptions> = {}): Promise<Intake<RabbitRecord>> {
    const source = await RabbitSource.open({
      server: server.url.replace(/\d+$/, String(proxy.port)),
      queue,
      deadLetterQueue: `${queue} dead`,
      routingKeys: "{shop}.{topic}",
      log,
      ...options,
    });
    const intake = new Intake<RabbitRecord>({ source, log, publish: recorder.publish, random: () => 0 });
    running.push(intake);
    intake.start();
    return intake;
  }

  const order = (id: string): string => JSON.stringify({ order: { id } });
  async function publish(
    id: string,
    content: string | Buffer = order(id),
    options: Options.Publish = {},
    routingKey = "linen.orders.create",
  ): Promise<void> {
    await channel.bindQueue(queue, "amq.topic", `${queue}.#`);
    // The topic exchange gives the routing key as it is; the queue's own name stands in front only to find it.
    const named = id === "" ? {} : { messageId: id };
    channel.publish("amq.topic", `${queue}.${routingKey}`, Buffer.from(content), { persistent: true, ...named, ...options });
    await channel.waitForConfirms();
  }
  const pattern = (): string => `${queue}.{shop}.{topic}`;
  const count = async (name: string): Promise<number> => (await channel.checkQueue(name)).messageCount;
  async function dead(): Promise<readonly GetMessage[]> {
    const all: GetMessage[] = [];
    for (;;) {
      const message = await channel.get(`${queue} dead`, { noAck: true });
      if (message === false) return all;
      all.push(message);
    }
  }
  /** Nothing waits and nothing is under way: after a stop, what was not acknowledged would be back. */
  async function nothingLeft(): Promise<void> {
    for (const intake of running.splice(0)) await intake.stop();
    while ((await channel.checkQueue(queue)).consumerCount > 0);
    expect(await count(queue)).toBe(0);
  }

  it("a routing key, headers or the body itself say what an event is, and payloads stay as they are", async () => {
    const text = ' {"order": {"id": "by key", "total": 1.0, "n": 9007199254740993}}';
    const headers = { "genhook-order-key": 17, "Genhook-Changed": '["order.total"]' };
    await publish("the id", text, { headers, timestamp: 1_700_000_000 });
    await publish(
      "2",
      order("by headers"),
      { headers: { "Genhook-Shop": "silk.genmystore.com", "Genhook-Topic": "orders/paid" } },
      "elsewhere",
    );
    await publish("3", `{"shop":"${SHOP}", "topic":"orders/cancelled","payload":{"order":{"id":"whole","n":1.10}}}`, {}, "anything");
    await start({ routingKeys: pattern() });
    await recorder.waitFor(3);
    const [byKey, byHeaders, whole] = recorder.events;
    expect(byKey?.event).toMatchObject({
      shop: SHOP,
      topic: "orders/create",
      idempotencyKey: "the id",
      orderKey: "17",
      changed: ["order.total"],
      triggeredAt: "2023-11-14T22:13:20.000Z",
    });
    expect(byKey?.text).toContain(`"payload":${text}}`);
    expect(byHeaders?.event).toMatchObject({ shop: "silk.genmystore.com", topic: "orders/paid", idempotencyKey: "2" });
    expect(whole?.event).toMatchObject({ shop: SHOP, topic: "orders/cancelled", idempotencyKey: "3" });
    expect(whole?.text).toContain('"payload":{"order":{"id":"whole","n":1.10}}}');
    await nothingLeft();
  });

  it("what is no event, and what is refused, goes to the dead-letter queue once, as it came, and the others go on", async () => {
    recorder.bad.add("bad");
    await publish("1");
    await publish("x", "{no json");
    await publish("bad", order("bad"), { headers: { "my-header": "kept" }, contentType: "application/json", correlationId: "theirs" });
    await publish("y", order("y"), {}, "unmapped");
    await publish("2");
    await start({ routingKeys: pattern() });
    await recorder.waitFor(2);
    await nothingLeft();
    expect(recorder.orders).toEqual(["1", "2"]);
    const messages = await dead();
    const codes = messages.map(({ properties }) => [properties.messageId, properties.headers?.["genhook-refused-code"]] as const);
    // What is no event is seen before the others are answered.
    expect(codes).toEqual([
      ["x", "malformed_json"],
      ["y", "invalid_member"],
      ["bad", "payload_mismatch"],
    ]);
    const bad = messages.find(({ properties }) => properties.messageId === "bad");
    expect(bad?.content.toString()).toBe(order("bad"));
    expect(bad?.properties).toMatchObject({
      contentType: "application/json",
      headers: {
        "my-header": "kept",
        "genhook-refused-correlation-id": "theirs",
        "genhook-refused-routing-key": `${queue}.linen.orders.create`,
      },
    });
  });

  it("without a dead-letter queue it is rejected: the queue's own dead-letter exchange has it, and it does not come again", async () => {
    const own = `${queue} with exchange`;
    await channel.assertQueue(own, { deadLetterExchange: "", deadLetterRoutingKey: `${queue} dead` });
    recorder.bad.add("bad");
    channel.sendToQueue(own, Buffer.from(order("bad")), {
      messageId: "bad",
      headers: { "Genhook-Shop": SHOP, "Genhook-Topic": "orders/create" },
    });
    await channel.waitForConfirms();
    const intake = await start({ queue: own, deadLetterQueue: undefined });
    for (;;) if ((await count(`${queue} dead`)) === 1) break;
    await intake.stop();
    expect([await count(own), (await dead()).map(({ content }) => content.toString())]).toEqual([0, [order("bad")]]);
  });

  it("a dead-letter queue that is gone is no place: the message stays until there is one", async () => {
    recorder.bad.add("bad");
    await start({ routingKeys: pattern() });
    await channel.deleteQueue(`${queue} dead`);
    await publish("bad");
    while (!log.lines.some(({ text }) => text.startsWith("what was refused could not be set aside"))) await new Promise(setImmediate);
    await channel.assertQueue(`${queue} dead`, { durable: true });
    for (;;) if ((await count(`${queue} dead`)) === 1) break;
    await nothingLeft();
    expect((await dead()).map(({ content }) => content.toString())).toEqual([order("bad")]);
  });

  it("an outage of Genhook and lost connections lose nothing, publish nothing twice and keep the order of a key", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `a${index}`);
    for (const id of ids) await publish(id, order(id), { headers: { "Genhook-Order-Key": "a" } });
    recorder.isAway = true;
    const intake = await start({ routingKeys: pattern(), prefetch: 5 });
    await recorder.until(() => recorder.requests >= 2);
    // No more than the prefetch is under way; the rest stays in the queue.
    expect([await count(queue), intake.counts.held]).toEqual([15, 5]);
    recorder.isAway = false;
    for (const enough of [5, 12]) {
      await recorder.waitFor(enough);
      proxy.cut();
    }
    await recorder.waitFor(20);
    expect(recorder.orders).toEqual(ids);
    await nothingLeft();
  });

  it("a clean stop leaves what was not published in its place", async () => {
    recorder.isAway = true;
    for (const id of ["1", "2", "3"]) await publish(id);
    const first = await start({ routingKeys: pattern() });
    await recorder.until(() => recorder.requests > 0);
    await first.stop();
    expect(await count(queue)).toBe(3);
    recorder.isAway = false;
    await start({ routingKeys: pattern() });
    await recorder.waitFor(3);
    expect(recorder.orders).toEqual(["1", "2", "3"]);
    await nothingLeft();
  });

  it("says once that messages without an id cannot be told from copies of themselves", async () => {
    for (const id of ["1", "2"]) await publish("", order(id));
    await start({ routingKeys: pattern() });
    await recorder.waitFor(2);
    expect(log.lines.filter(({ text }) => text.includes("without a message-id"))).toHaveLength(1);
    await nothingLeft();
  });

  it("is not opened on a queue that is not there, with a dead-letter queue that would come in again, or without a server", async () => {
    const refusal = (options: Partial<RabbitSourceOptions>): Promise<unknown> => start(options).catch((error: unknown) => error);
    expect(await refusal({ queue: "nowhere" })).toMatchObject({ code: "misconfigured", message: expect.stringContaining("nowhere") });
    expect(await refusal({ deadLetterQueue: "nowhere" })).toMatchObject({
      code: "misconfigured",
      message: expect.stringContaining("nowhere"),
    });
    expect(await refusal({ deadLetterQueue: queue })).toMatchObject({ message: expect.stringContaining("would come in again") });
    expect(await refusal({ server: "amqp://127.0.0.1:1" })).toBeInstanceOf(BrokerError);
    expect(await refusal({ server: "127.0.0.1" })).toMatchObject({ message: expect.stringContaining("must be a URL") });
    expect(await refusal({ routingKeys: "{topic}.{topic}" })).toMatchObject({ message: expect.stringContaining("twice") });
  });

  // Starting RabbitMQ again takes longer than the suite can wait: `npm run brokers`.
  const isHurried = process.env["GENHOOK_TEST_BROKERS"] === undefined;
  it.skipIf(isHurried)(
    `a broker that is killed and started again loses nothing${isHurried ? " (tried by npm run brokers)" : ""}`,
    { timeout: 120_000 },
    async () => {
      await start({ routingKeys: pattern() });
      for (const id of ["1", "2"]) await publish(id);
      await recorder.waitFor(2);
      await server.restart();
      await openChannel();
      for (const id of ["3", "4"]) await publish(id);
      await recorder.waitFor(4);
      await nothingLeft();
      expect(recorder.orders).toEqual(["1", "2", "3", "4"]);
    },
  );
});
