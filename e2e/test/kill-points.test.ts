import { openSqliteCheckReader, openSqliteStore } from "@genhook/storage";
import { checkStore } from "@genhook/core";
import { startEndpoint } from "@genhook/testkit";
import { expect, test } from "vitest";
import { after } from "../src/crash.ts";
import { killing, NO_KILL, type KillAt } from "../src/kill-points.ts";
import { judgeOldData, putOldData, type OldData } from "../src/old-data.ts";
import { makeFolder, ServerProcess, setUp } from "../src/server-process.ts";

const RETENTION_DAYS = 30;

const behind = (pattern: RegExp): KillAt => ({ pattern: pattern.source, nth: 1, further: 0, when: "after", delayMs: 0 });

test.each([
  ["its subjects are dropped", /DROP TABLE event_subject_/],
  ["its attempts are dropped", /DROP TABLE attempt_/],
  ["its events are dropped", /DROP TABLE event_\d/],
])("a kill once %s leaves a day that the next start lets go whole", async (_, pattern) => {
  const folder = makeFolder();
  const endpoint = await startEndpoint();
  const gone: OldData = { expired: [], erased: [] };
  const start = (environment: Readonly<Record<string, string>> = {}): ServerProcess =>
    new ServerProcess(["serve", "--port", "0", "--data", folder.path, "--allow-private-addresses"], environment);
  try {
    const first = start();
    await setUp(await first.listening(), [endpoint.url]);
    first.kill("SIGTERM");
    await first.exited;
    await withStore(folder.path, (store) => putOldData(store, gone, RETENTION_DAYS, () => 0.5));
    const killed = start(killing(behind(pattern)));
    expect((await killed.exited).signal).toBe("SIGKILL");
    // Looks for what is past retention twice a second.
    const last = start(killing(NO_KILL));
    while (!/past retention (and was|could not be) dropped/.test(last.output)) await after(50);
    last.kill("SIGTERM");
    await last.exited;
    expect(await withStore(folder.path, (store) => judgeOldData(store, gone, RETENTION_DAYS))).toEqual([]);
    const reader = openSqliteCheckReader(folder.path);
    expect((await checkStore(reader, { now: Date.now(), retentionMs: RETENTION_DAYS * 86_400_000, breachesMax: 9 })).breaches).toEqual([]);
    await reader.close();
  } finally {
    await endpoint.close();
    folder.remove();
  }
});

async function withStore<Value>(
  folder: string,
  work: (store: Awaited<ReturnType<typeof openSqliteStore>>) => Promise<Value>,
): Promise<Value> {
  const store = await openSqliteStore({ folder });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
