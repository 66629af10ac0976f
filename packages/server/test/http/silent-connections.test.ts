import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { Harness } from "../harness.ts";

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
