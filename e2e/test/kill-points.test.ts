import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openSqliteCheckReader, openSqliteStore } from "@genhook/storage";
import { checkStore } from "@genhook/core";
import { seededRandom, startEndpoint } from "@genhook/testkit";
import { expect, test } from "vitest";
import { after } from "../src/crash.ts";
import { choosePoint, countKill, killing, NO_KILL, POSTGRES_KILL_POINTS, SQLITE_KILL_POINTS, type KillAt } from "../src/kill-points.ts";
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

test("in 330 kills each point is hit ten times and more, also one that is missed nine times of ten; the same seed chooses the same", () => {
  const [rare] = POSTGRES_KILL_POINTS;
  const run = (seed: number): [readonly string[], Record<string, { inside: number; missed: number }>] => {
    const random = seededRandom(seed);
    const counts: Record<string, { inside: number; missed: number }> = {};
    const chosen = Array.from({ length: 330 }, () => {
      const { name } = choosePoint(POSTGRES_KILL_POINTS, counts, random);
      countKill(counts, name, name !== rare?.name || random() < 0.1);
      return name;
    });
    return [chosen, counts];
  };
  for (let seed = 1; seed <= 20; seed += 1) {
    const [chosen, counts] = run(seed);
    expect(chosen).toEqual(run(seed)[0]);
    for (const { name } of POSTGRES_KILL_POINTS) expect(counts[name]?.inside, `${name}, seed ${seed}`).toBeGreaterThanOrEqual(10);
  }
});

const STORAGE = fileURLToPath(new URL("../../packages/storage/src", import.meta.url));

test.each([
  ...SQLITE_KILL_POINTS.map(({ name, pattern }) => ["sqlite", name, pattern] as const),
  ...POSTGRES_KILL_POINTS.map(({ name, pattern }) => ["postgres", name, pattern] as const),
])("%s: the statements of the point %s are still the store's", (store, _, pattern) => {
  const files = globSync(`${store}/**/*.ts`, { cwd: STORAGE }).map((file) => readFileSync(`${STORAGE}/${file}`, "utf8"));
  // A statement begins where its text does; what is put into it is a number in most.
  const statements = files
    .join("\n")
    .replaceAll(/\$\{[^}]*\}/g, "0")
    .replaceAll(/["`]/g, "\n");
  const [ofText = ""] = pattern.split("[^]*");
  expect(statements).toMatch(new RegExp(ofText, "m"));
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
