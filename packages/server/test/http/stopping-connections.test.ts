import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { Harness, KEY, ORDER, SHOP } from "../harness.ts";

test("a stop waits for what has begun to ask, not for connections over which nobody has asked anything yet", async () => {
  const h = new Harness();
  await h.start({ grace: "10m" });
  const { hostname, port } = new URL(h.origin);
  const open = async (): Promise<ReturnType<typeof connect>> => {
    const socket = connect(Number(port), hostname);
    await once(socket, "connect");
    return socket;
  };
  const silent = await open();
  const silentEnded = once(silent, "close");
  const asking = await open();
  let answer = "";
  asking.setEncoding("latin1").on("data", (text: string) => (answer += text));
  asking.write("GET /healthz HTTP/1.1\r\nHost: x\r\n");
  // The server has taken up both once it answers a third.
  expect((await fetch(`${h.origin}/healthz`)).status).toBe(200);
  const stopped = h.stop();
  await silentEnded;
  const askingEnded = once(asking, "close");
  asking.write("Connection: close\r\n\r\n");
  await askingEnded;
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  await stopped;
});

test("a stop waits for answers under way, not for the connections that clients keep behind them", async () => {
  const h = new Harness();
  await h.start({ grace: "10m" });
  await h.install();
  const { hostname, port } = new URL(h.origin);
  const body = JSON.stringify({ shop: SHOP, topic: "orders/create", payload: ORDER });
  const socket = connect(Number(port), hostname);
  let answers = "";
  socket.setEncoding("latin1").on("data", (text: string) => (answers += text));
  const head = `POST /platform/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
  // One whole request, and one whose body is still on its way when the stop begins.
  socket.write(head + body + head + body.slice(0, 10));
  while (!answers.includes("202")) await once(socket, "data");
  expect((await fetch(`${h.origin}/healthz`)).status).toBe(200);
  const closed = once(socket, "close");
  const stopped = h.stop();
  socket.write(body.slice(10));
  await closed;
  await stopped;
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 202", "HTTP/1.1 202"]);
  // The client is told, so that it sends nothing further over it.
  expect(answers.slice(answers.lastIndexOf("HTTP/1.1")).toLowerCase()).toContain("connection: close");
});
