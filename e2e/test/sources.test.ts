import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect as connectNats } from "@nats-io/transport-node";
import { natsMissing, rabbitMissing, startEndpoint, startNats, startRabbit, type Endpoint } from "@genhook/testkit";
import { connect as connectRabbit } from "amqplib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeFolder, ServerProcess, setUp, SHOP } from "../src/server-process.ts";

const ORDERS = 25;
const ROUTE = `${SHOP.split(".")[0]}.orders.create`;

let folder = makeFolder();
let endpoint: Endpoint;
let origin = "";
let door: Server | null = null;
const processes: ServerProcess[] = [];
/** Carried out after each test, the last first. */
const endings: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = makeFolder();
  endpoint = await startEndpoint();
  const server = start("serve", "--port", "0", "--data", folder.path, "--allow-private-addresses", "--log-level", "error");
  origin = await server.listening();
  await setUp(origin, [endpoint.url]);
});
afterEach(async () => {
  for (const each of processes) each.kill("SIGKILL");
  await Promise.all(processes.splice(0).map((each) => each.exited));
  door?.close();
  door?.closeAllConnections();
  door = null;
  for (const end of endings.splice(0).reverse()) await end();
  await endpoint.close();
  folder.remove();
});

function start(...args: string[]): ServerProcess {
  const started = new ServerProcess(args);
  processes.push(started);
  return started;
}

/** A door to the server at which a process dies when its events are accepted, before it is told. */
async function openDeadlyDoor(onAccepted: () => void): Promise<string> {
  door = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const { authorization = "", "content-type": type = "" } = request.headers;
      void fetch(origin + (request.url ?? ""), {
        method: "POST",
        headers: { Authorization: authorization, "Content-Type": type },
        body,
      }).then(async (answer) => {
        const text = await answer.text();
        if (body.length > 2) onAccepted();
        else response.writeHead(answer.status, { "Content-Type": "application/json" }).end(text);
      });
    });
  });
  await new Promise<void>((resolve) => {
    door?.listen(0, "127.0.0.1", resolve);
  });
  return `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
}

const received = (): readonly string[] =>
  endpoint.received.map(({ body }) => (JSON.parse(body.toString()) as { order: { id: string } }).order.id);

/** Kills the source between the commit and the acknowledgement, and starts it again. */
async function killAndGoOn(source: (url: string) => readonly string[]): Promise<ServerProcess> {
  const killed = Promise.withResolvers<void>();
  const first = start(...source(await openDeadlyDoor(() => killed.resolve())));
  await killed.promise;
  first.kill("SIGKILL");
  await first.exited;
  const second = start(...source(origin), "--metrics-port", "0");
  while (!second.output.includes("publishing from")) await second.moreOutput();
  const metrics = /metrics on (\S+)/.exec(second.output)?.[1] ?? "";
  // None of them was acknowledged, so all of them come again.
  while (!(await (await fetch(metrics)).text()).includes(`\ngenhook_intake_published_total ${ORDERS}\n`));
  while (new Set(received()).size < ORDERS) await endpoint.waitFor(endpoint.received.length + 1);
  return second;
}

/** What was published twice would have two events. */
function expectEachOnce(): void {
  expect(new Set(endpoint.received.map(({ headers }) => headers["x-genstore-event-id"])).size).toBe(ORDERS);
}

const orders = Array.from({ length: ORDERS }, (_, index) => ({
  id: `order-${index}`,
  body: JSON.stringify({ order: { id: String(index + 1) } }),
}));

describe.skipIf(natsMissing !== null)(`NATS JetStream${natsMissing === null ? "" : `: ${natsMissing}`}`, () => {
  test("a source killed between the commit and the acknowledgement: the records come again, and no event twice", async () => {
    const nats = await startNats();
    endings.push(() => nats.stop());
    const connection = await connectNats({ servers: nats.url });
    endings.push(() => connection.close());
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: "shop", subjects: ["shop.>"] });
    await manager.consumers.add("shop", { durable_name: "genhook", ack_policy: "explicit", ack_wait: 1_000_000_000, max_deliver: -1 });
    for (const { id, body } of orders) await jetstream(connection).publish(`shop.${ROUTE}`, body, { msgID: id });
    const args = ["source", "nats", "--server", nats.url, "--stream", "shop", "--subjects", "shop.{shop}.{topic}"];
    const last = await killAndGoOn((url) => [...args, "--url", url]);
    last.kill("SIGTERM");
    expect((await last.exited).code).toBe(0);
    const { num_pending: waiting, num_ack_pending: underWay } = await manager.consumers.info("shop", "genhook");
    expect([waiting, underWay]).toEqual([0, 0]);
    expect(Number(/"duplicates":(\d+)/.exec(last.output)?.[1])).toBeGreaterThan(0);
    expectEachOnce();
  });
});

// RabbitMQ takes as long to start as a whole group of other tests: `npm run brokers`.
const left = rabbitMissing ?? (process.env["GENHOOK_TEST_BROKERS"] === undefined ? "tried by npm run brokers" : null);
describe.skipIf(left !== null)(`RabbitMQ${left === null ? "" : `: ${left}`}`, () => {
  test("a source killed between the commit and the acknowledgement: the messages come again, and no event twice", async () => {
    const rabbit = await startRabbit();
    endings.push(() => rabbit.stop());
    const connection = await connectRabbit(rabbit.url);
    endings.push(() => connection.close());
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue("orders");
    await channel.bindQueue("orders", "amq.topic", "#");
    await channel.assertQueue("dead");
    for (const { id, body } of orders) channel.publish("amq.topic", ROUTE, Buffer.from(body), { messageId: id, persistent: true });
    await channel.waitForConfirms();
    const place = ["--server", rabbit.url, "--queue", "orders", "--dead-letter", "dead", "--routing-keys", "{shop}.{topic}"];
    const last = await killAndGoOn((url) => ["source", "rabbitmq", ...place, "--url", url]);
    last.kill("SIGTERM");
    expect((await last.exited).code).toBe(0);
    expect((await channel.checkQueue("orders")).messageCount).toBe(0);
    expect(Number(/"duplicates":(\d+)/.exec(last.output)?.[1])).toBeGreaterThan(0);
    expectEachOnce();
  });
});
