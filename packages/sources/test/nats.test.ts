import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from "@nats-io/jetstream";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { natsMissing, startNats, type ThrowAwayNats } from "@genhook/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { BrokerError, Intake } from "../src/index.ts";
import { NatsSource, type NatsRecord, type NatsSourceOptions } from "../src/nats/index.ts";
import { KeptLog } from "./fixtures.ts";
import { Recorder } from "./recorder.ts";

const SHOP = "linen.genmystore.com";
const ACK_WAIT_NANOS = 500_000_000;

describe.skipIf(natsMissing !== null)(`NATS JetStream${natsMissing === null ? "" : `: ${natsMissing}`}`, () => {
  let server: ThrowAwayNats;
  let connection: NatsConnection;
  let manager: JetStreamManager;
  let client: JetStreamClient;
  let log: KeptLog;
  let recorder: Recorder;
  let running: Intake<NatsRecord>[] = [];
  let streams = 0;
  let stream = "";

  beforeAll(async () => {
    server = await startNats();
    connection = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 20 });
    manager = await jetstreamManager(connection);
    client = jetstream(connection);
  });
  afterAll(async () => {
    await connection.close();
    await server.stop();
  });
  beforeEach(async () => {
    streams += 1;
    stream = `events${streams}`;
    recorder = new Recorder();
    log = new KeptLog();
    await manager.streams.add({ name: stream, subjects: [`${stream}.>`] });
  });
  afterEach(async () => {
    for (const intake of running.splice(0)) await intake.stop();
  });

  async function start(options: Partial<NatsSourceOptions> = {}): Promise<Intake<NatsRecord>> {
    const source = await NatsSource.open({
      servers: server.url,
      stream,
      durable: "genhook",
      subjects: `${stream}.{shop}.{topic}`,
      log,
      ...options,
    });
    const intake = new Intake<NatsRecord>({ source, log, publish: recorder.publish, random: () => 0 });
    running.push(intake);
    intake.start();
    return intake;
  }

  const order = (id: string): string => JSON.stringify({ order: { id } });
  async function publish(id: string, more: Readonly<Record<string, string>> = {}, subject = "linen.orders.create"): Promise<void> {
    const all = headers();
    for (const [name, value] of Object.entries({ "Nats-Msg-Id": id, ...more })) if (value !== "") all.set(name, value);
    await client.publish(`${stream}.${subject}`, order(id), { headers: all, timeout: 1_000 });
  }
  /** As a platform does whose connection is cut: again, under the same id. */
  async function publishAnyway(id: string): Promise<void> {
    for (;;) {
      try {
        return await publish(id);
      } catch {
        await new Promise((resolve) => {
          setTimeout(resolve, 20);
        });
      }
    }
  }
  const shortAckWait = () =>
    manager.consumers.add(stream, { durable_name: "genhook", ack_policy: "explicit", ack_wait: ACK_WAIT_NANOS, max_deliver: -1 });
  const pending = async (): Promise<number> => {
    const { num_pending: waiting, num_ack_pending: underWay } = await manager.consumers.info(stream, "genhook");
    return waiting + underWay;
  };
  async function nothingPending(): Promise<void> {
    while ((await pending()) > 0);
  }

  it("a subject, headers or the body itself say what an event is, and payloads stay as they are", async () => {
    const text = ' {"order": {"id": "by subject", "total": 1.0, "n": 9007199254740993}}';
    const all = headers();
    all.set("Nats-Msg-Id", "the id");
    all.set("genhook-order-key", "order 1");
    all.set("Genhook-Changed", '["order.total"]');
    await client.publish(`${stream}.linen.orders.create`, text, { headers: all });
    await publish("by headers", { "Nats-Msg-Id": "", "Genhook-Shop": "silk.genmystore.com", "Genhook-Topic": "orders/paid" }, "elsewhere");
    await client.publish(
      `${stream}.anything`,
      `{"shop":"${SHOP}", "topic":"orders/cancelled","payload":{"order":{"id":"whole","n":1.10}}}`,
      { msgID: "of the whole" },
    );
    await start();
    await recorder.waitFor(3);
    const [bySubject, byHeaders, whole] = recorder.events;
    expect(bySubject?.event).toMatchObject({
      shop: SHOP,
      topic: "orders/create",
      idempotencyKey: "the id",
      orderKey: "order 1",
      changed: ["order.total"],
      triggeredAt: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/),
    });
    expect(bySubject?.text).toContain(`"payload":${text}}`);
    // Where no id was given, it is the place in the stream.
    expect(byHeaders?.event).toMatchObject({ shop: "silk.genmystore.com", topic: "orders/paid" });
    expect(byHeaders?.event["idempotencyKey"]).toMatch(new RegExp(`^nats ${stream} 2 \\d{19}$`));
    expect(whole?.event).toMatchObject({ shop: SHOP, topic: "orders/cancelled", idempotencyKey: "of the whole" });
    expect(whole?.text).toContain('"payload":{"order":{"id":"whole","n":1.10}}}');
    await nothingPending();
  });

  it("is acknowledged only when it was accepted: an outage of Genhook loses nothing, and nothing is sent twice meanwhile", async () => {
    await shortAckWait();
    recorder.isAway = true;
    await start();
    for (const id of ["1", "2", "3"]) await publish(id);
    // Longer than the broker waits for an acknowledgement: it is told that they are under way, and what comes again is known.
    await recorder.until(() => recorder.requests >= 4);
    expect(await pending()).toBe(3);
    recorder.isAway = false;
    await recorder.waitFor(3);
    await nothingPending();
    expect([recorder.orders, running[0]?.counts.duplicates]).toEqual([["1", "2", "3"], 0]);
  });

  it("what is no event, and what is refused, is published to the dead-letter subject once, and the others go on", async () => {
    await manager.streams.add({ name: `dead${streams}`, subjects: [`dead${streams}`] });
    recorder.bad.add("bad");
    await start({ deadLetterSubject: `dead${streams}` });
    await publish("1");
    await client.publish(`${stream}.linen.orders.create`, "{no json", { msgID: "x" });
    await publish("bad", { "My-Header": "kept" });
    await client.publish(`${stream}.linen.orders.create`, new Uint8Array([0xff, 0xfe]));
    await client.publish(`${stream}.unmapped`, order("3"));
    await publish("2");
    await recorder.waitFor(2);
    await nothingPending();
    expect(recorder.orders).toEqual(["1", "2"]);
    const consumer = await client.consumers.get(`dead${streams}`);
    const dead: unknown[] = [];
    for await (const message of await consumer.fetch({ max_messages: 4, expires: 5_000 })) {
      const header = (name: string): string | undefined => message.headers?.get(name);
      dead.push([header("Genhook-Refused-Sequence"), header("Genhook-Refused-Code"), header("My-Header")]);
      if (header("My-Header") === "kept") expect(message.string()).toBe(order("bad"));
    }
    expect(dead).toHaveLength(4);
    expect(dead).toEqual(
      expect.arrayContaining([
        ["2", "malformed_json", ""],
        ["3", "payload_mismatch", "kept"],
        ["4", "malformed_json", ""],
        ["5", "invalid_member", ""],
      ]),
    );
  });

  it("without a dead-letter subject it is terminated: told in the log by its sequence, kept by the stream, and it does not come again", async () => {
    await shortAckWait();
    recorder.bad.add("bad");
    await start();
    await publish("bad");
    await publish("1");
    await recorder.waitFor(1);
    await nothingPending();
    expect(log.lines.filter(({ level }) => level === "error").map(({ fields }) => fields)).toMatchObject([
      { record: `sequence 1, subject ${stream}.linen.orders.create`, code: "payload_mismatch" },
    ]);
    expect((await manager.streams.getMessage(stream, { seq: 1 }))?.string()).toBe(order("bad"));
  });

  it("a restarted broker loses nothing", async () => {
    await shortAckWait();
    await start();
    await publish("1");
    await recorder.waitFor(1);
    await server.restart();
    for (const id of ["2", "3"]) await publishAnyway(id);
    await recorder.waitFor(3);
    await nothingPending();
    expect(recorder.orders).toEqual(["1", "2", "3"]);
  });

  it("a clean stop gives back what was not published: another process has it at once, in order", async () => {
    recorder.isAway = true;
    const first = await start();
    for (const id of ["a1", "a2", "a3"]) await publish(id, { "Genhook-Order-Key": "a" });
    await recorder.until(() => recorder.requests > 0);
    await first.stop();
    recorder.isAway = false;
    await shortAckWait().catch(() => undefined);
    await start();
    await recorder.waitFor(3);
    expect(recorder.orders).toEqual(["a1", "a2", "a3"]);
  });

  it("more than there is room for stays in the stream", async () => {
    recorder.isAway = true;
    const intake = await start();
    const all = Array.from({ length: 2_000 }, (_, index) => `${index}`);
    await Promise.all(all.map((id) => publish(id)));
    await recorder.until(() => intake.counts.held > 0 && recorder.requests >= 3);
    // Each look takes what there is room for, and each pull what was taken.
    const { num_ack_pending: underWay, num_pending: waiting } = await manager.consumers.info(stream, "genhook");
    expect([underWay <= 1_200, underWay + waiting]).toEqual([true, 2_000]);
    recorder.isAway = false;
    await recorder.waitFor(2_000);
    expect(new Set(recorder.orders)).toEqual(new Set(all));
  });

  describe("is not opened where records could be lost", () => {
    const refusal = (options: Partial<NatsSourceOptions>): Promise<unknown> => start(options).catch((error: unknown) => error);

    it("a stream that removes what is done with, without a dead-letter subject", async () => {
      await manager.streams.add({ name: `queue${streams}`, subjects: [`queue${streams}`], retention: "workqueue" });
      expect(await refusal({ stream: `queue${streams}` })).toMatchObject({
        code: "misconfigured",
        message: expect.stringContaining("give a dead-letter subject"),
      });
    });
    it("a dead-letter subject that nobody keeps, or that comes in again", async () => {
      expect(await refusal({ deadLetterSubject: "nobody.keeps" })).toMatchObject({ message: expect.stringContaining("nobody.keeps") });
      expect(await refusal({ deadLetterSubject: `${stream}.dead` })).toMatchObject({
        message: expect.stringContaining("would come in again"),
      });
    });
    it("a consumer that gives up", async () => {
      await manager.consumers.add(stream, { durable_name: "genhook", ack_policy: "explicit", max_deliver: 3 });
      expect(await refusal({})).toMatchObject({ message: expect.stringContaining("gives up after 3 deliveries") });
    });
    it("no such stream, no such server, no such pattern", async () => {
      expect(await refusal({ stream: "nowhere" })).toMatchObject({ code: "misconfigured", message: expect.stringContaining("nowhere") });
      expect(await refusal({ servers: "nats://127.0.0.1:1" })).toBeInstanceOf(BrokerError);
      expect(await refusal({ servers: "127.0.0.1" })).toMatchObject({ message: expect.stringContaining("must be a URL") });
      expect(await refusal({ subjects: "events.{shpo}" })).toMatchObject({ message: expect.stringContaining("{shpo}") });
    });
  });
});
