import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { badCertificates, natsMissing, rabbitMissing, startNats, startRabbit, testCertificate } from "@genhook/testkit";
import { connect as connectNats } from "@nats-io/transport-node";
import { connect as connectRabbit, type ConfirmChannel } from "amqplib";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Intake, type Source, type SourceRecord } from "../src/index.ts";
import { NatsSource } from "../src/nats/index.ts";
import { RabbitSource } from "../src/rabbitmq/index.ts";
import { KeptLog } from "./fixtures.ts";
import { Recorder } from "./recorder.ts";

const ORDER = JSON.stringify({ order: { id: "1" } });

let folder = "";
let caFile = "";
let otherCaFile = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "genhook-tls-"));
  caFile = join(folder, "ca.pem");
  writeFileSync(caFile, testCertificate.ca);
  otherCaFile = join(folder, "other-ca.pem");
  writeFileSync(otherCaFile, badCertificates.selfSigned);
});
afterAll(() => rm(folder, { recursive: true }));

/** Publishes what a source has until so many orders were accepted. */
async function publishes<Taken extends SourceRecord>(source: Source<Taken>, count: number): Promise<readonly string[]> {
  const recorder = new Recorder();
  const intake = new Intake<Taken>({ source, log: new KeptLog(), publish: recorder.publish, random: () => 0 });
  intake.start();
  await recorder.waitFor(count);
  await intake.stop();
  return recorder.orders;
}

/** What both have to refuse; `open` opens a source with this authority. */
function refusals(open: (caFile: string | undefined) => Promise<unknown>): void {
  it("a server whose authority is not known is refused, whether another one was given or none", async () => {
    for (const authority of [undefined, otherCaFile]) {
      await expect(open(authority)).rejects.toMatchObject({
        code: "unreachable",
        message: expect.stringMatching(/certificate/) as string,
      });
    }
  });

  it("a file of authorities that cannot be read, or holds none, is said by its name", async () => {
    const missing = join(folder, "missing.pem");
    await expect(open(missing)).rejects.toMatchObject({ code: "misconfigured", message: expect.stringContaining(missing) as string });
    const empty = join(folder, "empty.pem");
    writeFileSync(empty, "no certificate\n");
    await expect(open(empty)).rejects.toMatchObject({ code: "misconfigured", message: expect.stringContaining(empty) as string });
  });
}

describe.skipIf(natsMissing !== null)(`NATS over TLS${natsMissing === null ? "" : ` (skipped: ${natsMissing})`}`, () => {
  let server: Awaited<ReturnType<typeof startNats>>;
  let opened = 0;
  /** Each as a consumer of its own. */
  const open = (authority: string | undefined, servers: string = server.url): Promise<NatsSource> => {
    opened += 1;
    const place = { servers, stream: "SHOP", durable: `genhook-${opened}`, subjects: "{shop}.{topic}" };
    return NatsSource.open({ ...place, caFile: authority, log: new KeptLog() });
  };

  beforeAll(async () => {
    server = await startNats({ certificate: testCertificate.cert });
    const connection = await connectNats({ servers: server.url.replace("tls://", ""), tls: { ca: testCertificate.ca } });
    await (await jetstreamManager(connection)).streams.add({ name: "SHOP", subjects: ["linen.>"] });
    await jetstream(connection).publish("linen.orders.create", ORDER, { msgID: "1" });
    await connection.close();
  });
  afterAll(() => server.stop());

  it.each([
    ["tls://", (url: string) => url],
    ["nats://, where the server wants TLS", (url: string) => url.replace("tls://", "nats://")],
    ["a name", (url: string) => url.replace("127.0.0.1", "localhost")],
  ])("the stream is reached over %s", async (_, urlOf) => {
    const source = await open(caFile, urlOf(server.url));
    expect(await source.backlog()).toBeDefined();
    await source.close();
  });

  it("records are published and acknowledged", async () => {
    expect(await publishes(await open(caFile), 1)).toEqual(["1"]);
  });

  refusals((authority) => open(authority));

  it("a server with the certificate of another one is refused, and so is one without TLS where TLS was asked for", async () => {
    const other = await startNats({ certificate: badCertificates.otherName });
    const plain = await startNats();
    await expect(open(caFile, other.url)).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/altnames|name/i) as string,
    });
    await expect(open(undefined, plain.url.replace("nats://", "tls://"))).rejects.toMatchObject({ code: "unreachable" });
    await Promise.all([other.stop(), plain.stop()]);
  });
});

describe.skipIf(rabbitMissing !== null)(`RabbitMQ over TLS${rabbitMissing === null ? "" : ` (skipped: ${rabbitMissing})`}`, () => {
  let server: Awaited<ReturnType<typeof startRabbit>>;
  const open = (authority: string | undefined, url: string = server.url): Promise<RabbitSource> =>
    RabbitSource.open({
      server: url,
      queue: "events",
      deadLetterQueue: "dead",
      routingKeys: "{shop}.{topic}",
      caFile: authority,
      log: new KeptLog(),
    });
  async function withChannel(work: (channel: ConfirmChannel) => Promise<unknown>): Promise<void> {
    const connection = await connectRabbit(server.url, { ca: [testCertificate.ca] });
    await work(await connection.createConfirmChannel());
    await connection.close();
  }

  beforeAll(async () => {
    server = await startRabbit({ certificate: testCertificate.cert });
    await withChannel(async (channel) => {
      for (const queue of ["events", "dead"]) await channel.assertQueue(queue, { durable: true });
      await channel.bindQueue("events", "amq.topic", "linen.#");
      channel.publish("amq.topic", "linen.orders.create", Buffer.from(ORDER), { messageId: "1", persistent: true });
      await channel.waitForConfirms();
    });
  }, 120_000);
  afterAll(() => server.stop());

  it("messages are published and acknowledged, whether the server is named or numbered", async () => {
    expect(await publishes(await open(caFile, server.url.replace("127.0.0.1", "localhost")), 1)).toEqual(["1"]);
    await withChannel(async (channel) => expect((await channel.checkQueue("events")).messageCount).toBe(0));
    const numbered = await open(caFile);
    expect(await numbered.backlog()).toMatchObject({ waiting: 0 });
    await numbered.close();
  });

  refusals((authority) => open(authority));

  it("a server with the certificate of another one is refused", async () => {
    await server.restart(badCertificates.otherName);
    // Until it listens again it cannot be reached at all.
    await vi.waitFor(
      () => expect(open(caFile)).rejects.toMatchObject({ code: "unreachable", message: expect.stringMatching(/altnames/) as string }),
      { timeout: 60_000, interval: 200 },
    );
    await server.restart(testCertificate.cert);
  }, 120_000);
});
