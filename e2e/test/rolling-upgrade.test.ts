import { startEndpoint, openTestDatabases, withClient, type TestDatabases } from "@genhook/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { after, compare } from "../src/crash.ts";
import { makeNewerVersion } from "../src/newer-version.ts";
import { BIN, makeFolder, publish, ServerProcess, settled, setUp } from "../src/server-process.ts";

let databases: TestDatabases;
beforeAll(async () => {
  databases = await openTestDatabases();
}, 60_000);
afterAll(() => databases.close(), 60_000);

test("processes are replaced one by one by a version whose schema is one further, and one goes back, while events are published: nothing is lost or sent twice", async () => {
  const folder = makeFolder();
  const newer = makeNewerVersion(folder.path);
  const database = await databases.create();
  const receiver = await startEndpoint();
  const processes: ServerProcess[] = [];
  const start = (bin: string): ServerProcess => {
    const flags = ["--port", "0", "--allow-private-addresses", "--log-level", "error", "--database", database];
    const process = new ServerProcess(["serve", ...flags], { GENHOOK_SEALING_KEY: "88".repeat(32) }, undefined, bin);
    processes.push(process);
    return process;
  };
  const stop = async (process: ServerProcess): Promise<void> => {
    process.kill("SIGTERM");
    expect((await process.exited).code).toBe(0);
  };
  const schema = (): Promise<unknown> =>
    withClient(database, async (client) => (await client.query("SELECT version, oldest FROM genhook_schema")).rows[0] as unknown);
  try {
    const olds = [start(BIN), start(BIN)];
    const origins = new Set(await Promise.all(olds.map((old) => old.listening())));
    const [first = ""] = origins;
    await setUp(first, [receiver.url]);
    const publishing = { isOn: true, ids: [] as string[] };
    const publisher = async (offset: number): Promise<void> => {
      for (let n = offset; publishing.isOn; n += 2) {
        // Behind a balancer that knows who is ready: a process that stops is not asked any more.
        const id = await publish([...origins][n % origins.size] ?? "", n);
        if (id !== null) publishing.ids.push(id);
        await after(10);
      }
    };
    const publishers = Promise.all([publisher(0), publisher(1)]);
    const replace = async (old: ServerProcess, bin: string): Promise<ServerProcess> => {
      const next = start(bin);
      origins.add(await next.listening());
      origins.delete(await old.listening());
      await after(50);
      await stop(old);
      return next;
    };
    const one = await replace(olds[0] as ServerProcess, newer);
    expect(await schema()).toEqual({ version: 2, oldest: 1 });
    const two = await replace(olds[1] as ServerProcess, newer);
    // Back again: the older version may still start.
    const back = await replace(one, BIN);
    await after(200);
    publishing.isOn = false;
    await publishers;
    expect(publishing.ids.length).toBeGreaterThan(20);
    while (compare(publishing.ids, [receiver]).lost.length > 0) await after(50);
    const origin = await back.listening();
    await settled(origin);
    expect(compare(publishing.ids, [receiver])).toEqual({ lost: [], repeated: 0 });

    await Promise.all([stop(two), stop(back)]);
    await withClient(database, (client) => client.query("UPDATE genhook_schema SET oldest = 2"));
    const refused = start(BIN);
    expect((await refused.exited).code).toBe(1);
    expect(refused.output).toContain("newer version of Genhook (schema 2, for versions that know at least 2; this one knows 1)");
  } finally {
    for (const process of processes) process.kill("SIGKILL");
    await Promise.all(processes.map((process) => process.exited));
    await receiver.close();
    folder.remove();
  }
});
