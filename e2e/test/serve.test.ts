import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { startEndpoint } from "@genhook/testkit";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolder, pendingAt, publish, ServerProcess, setUp } from "../src/server-process.ts";

let folder = makeFolder();

beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => folder.remove());

const serve = (...args: string[]): ServerProcess => new ServerProcess(["serve", "--port", "0", "--data", folder.path, ...args]);

test("SIGTERM in the middle of traffic: what is in flight is finished and settled, nothing is lost, no attempt is wasted", async () => {
  const endpoint = await startEndpoint({
    answer: () =>
      new Promise((resolve) => {
        setTimeout(() => resolve(200), 100);
      }),
  });
  const first = serve("--allow-private-addresses");
  const origin = await first.listening();
  await setUp(origin, [endpoint.url]);
  const accepted = (await Promise.all(Array.from({ length: 200 }, (_, n) => publish(origin, n)))).filter((id) => id !== null);
  await endpoint.waitFor(20);
  first.kill("SIGTERM");
  first.kill("SIGTERM");
  expect(await first.exited).toEqual({ code: 0, signal: null });
  expect(endpoint.received.length).toBeLessThan(200);
  const second = serve("--allow-private-addresses");
  await second.listening();
  await endpoint.waitFor(accepted.length);
  second.kill("SIGTERM");
  expect((await second.exited).code).toBe(0);
  const ids = endpoint.received.map((each) => each.headers["x-genstore-event-id"]);
  expect(ids).toHaveLength(accepted.length);
  expect(new Set(ids)).toEqual(new Set(accepted));
  expect(new Set(endpoint.received.map((each) => each.headers["x-genstore-attempt"]))).toEqual(new Set(["1"]));
  await endpoint.close();
});

test("an attempt that outlives the grace time is cut off and not counted", async () => {
  const endpoint = await startEndpoint({ answer: () => () => undefined });
  const first = serve("--allow-private-addresses", "--grace", "200ms", "--attempt-timeout", "60s");
  const origin = await first.listening();
  await setUp(origin, [endpoint.url]);
  await publish(origin, 1);
  await endpoint.waitFor(1);
  first.kill("SIGTERM");
  expect((await first.exited).code).toBe(0);
  const second = serve("--allow-private-addresses", "--attempt-timeout", "60s", "--grace", "0ms");
  await second.listening();
  await endpoint.waitFor(2);
  expect(endpoint.received[1]?.headers["x-genstore-attempt"]).toBe("1");
  second.kill("SIGKILL");
  await second.exited;
  await endpoint.close();
});

test.each([
  [["--port", "70000"], 2, "--port must be a whole number from 0 to 65535"],
  [["--retry-waits", "1s,x"], 2, "--retry-waits must be at most 7 durations"],
  [["--attempt-timeout", "5"], 2, "--attempt-timeout must be a duration"],
  [["--no-such-flag"], 2, "unknown option"],
  [["--ca-file", "/nowhere.pem"], 2, "/nowhere.pem"],
  [["--sealing-key-file", "/nowhere.key"], 2, "/nowhere.key does not exist"],
  [["--host", "203.0.113.7"], 1, "is no address of this machine"],
])("serve %s ends with %i and says why", async (args, code, says) => {
  const server = serve(...args);
  expect((await server.exited).code).toBe(code);
  expect(server.output).toContain(says);
  expect(server.output).not.toMatch(/\n {4}at /);
});

test("an occupied port, a second process, a newer file, a wrong sealing key and a folder that cannot be written say what to do", async () => {
  const failing = async (server: ServerProcess, code = 1): Promise<string> => {
    expect((await server.exited).code).toBe(code);
    expect(server.output).not.toMatch(/\n {4}at /);
    return server.output;
  };
  const other = createServer();
  await new Promise<void>((resolve) => {
    other.listen(0, "127.0.0.1", resolve);
  });
  expect(await failing(serve("--port", String((other.address() as AddressInfo).port)))).toContain("is taken by another program");
  other.close();
  const first = serve();
  await first.listening();
  expect(await failing(serve())).toContain("Another Genhook process uses");
  first.kill("SIGTERM");
  await first.exited;
  expect(
    await failing(new ServerProcess(["serve", "--port", "0", "--data", folder.path], { GENHOOK_SEALING_KEY: "ab".repeat(32) }), 2),
  ).toContain("The sealing key is not the one");
  const database = new DatabaseSync(join(folder.path, "genhook.db"));
  database.exec("PRAGMA user_version = 999");
  database.close();
  expect(await failing(serve())).toContain("newer version of Genhook");
  writeFileSync(join(folder.path, "file"), "");
  expect(await failing(new ServerProcess(["serve", "--port", "0", "--data", join(folder.path, "file")]))).toContain("cannot be written");
});

test("the first start makes keys beside the data, for this user alone, and prints the platform key once", async () => {
  const environment = { GENHOOK_PLATFORM_KEY: "", GENHOOK_UNKNOWN: "x" };
  const { GENHOOK_PLATFORM_KEY: _, ...rest } = environment;
  const first = new ServerProcess(["serve", "--port", "0", "--data", folder.path], {
    ...rest,
    GENHOOK_PLATFORM_KEY: undefined as unknown as string,
  });
  const origin = await first.listening();
  const key = /platform key.*: (gpk_\S+)/.exec(first.output)?.[1] ?? "";
  expect(readFileSync(join(folder.path, "platform-key"), "utf8").trim()).toBe(key);
  expect(first.output).toContain("GENHOOK_UNKNOWN is set but means nothing");
  for (const name of ["platform-key", "sealing-key", "genhook.db"]) {
    expect([name, existsSync(join(folder.path, name)) && statSync(join(folder.path, name)).mode & 0o077]).toEqual([name, 0]);
  }
  const response = await fetch(`${origin}/platform/v1/keys`, { headers: { Authorization: `Bearer ${key}` } });
  expect(response.status).toBe(200);
  first.kill("SIGTERM");
  await first.exited;
});

test("genhook trigger publishes the topic's sample and shows what became of it", async () => {
  const endpoint = await startEndpoint();
  const server = serve("--allow-private-addresses");
  const origin = await server.listening();
  await setUp(origin, [endpoint.url]);
  const trigger = new ServerProcess(["trigger", "orders/create", "--url", origin]);
  expect((await trigger.exited).code).toBe(0);
  expect(trigger.output).toMatch(/event [0-9a-f-]{36}: 1 delivery {2}seed \d+\n {2}delivered: webhook \d+ at http/);
  const wrong = new ServerProcess(["trigger", "orders/created", "--url", origin]);
  expect((await wrong.exited).code).toBe(2);
  expect(wrong.output).toContain("Did you mean orders/create");
  expect(await pendingAt(origin)).toBe(0);
  server.kill("SIGTERM");
  await server.exited;
  await endpoint.close();
});

test("the demo publishes, delivers, verifies, and stops on a signal", async () => {
  const demo = new ServerProcess(["demo", "--port", "0", "--data", folder.path, "--rate", "50"]);
  while (!/[1-9]\d* delivered and verified/.test(demo.output)) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  demo.kill("SIGINT");
  expect((await demo.exited).code).toBe(0);
  expect(demo.output).not.toContain("refused");
});
