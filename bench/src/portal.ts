/**
 * How long the server takes for every call that the portal's pages make, with a million deliveries in the store: `npm run bench:portal`
 * (options: `--store sqlite|postgres --deliveries 1000000 --rounds 15 --folder … --json`). A folder that is given is kept, and used again.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { resolveSettings, startGenhook, type Genhook } from "@genhook/server";
import type { Store } from "@genhook/core";
import { openPostgresStore, openSqliteStore } from "@genhook/storage";
import { withClient } from "@genhook/testkit";
import { pino } from "pino";
import { callsOf, type MeasuredCall } from "./portal-calls.ts";
import { KEY, prepare, seed } from "./portal-seed.ts";
import { childrenOf, usageOfAll } from "./processes.ts";
import { startPostgres } from "./systems.ts";

const { values } = parseArgs({
  options: {
    store: { type: "string", default: "sqlite" },
    deliveries: { type: "string", default: "1000000" },
    rounds: { type: "string", default: "15" },
    folder: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const ROUNDS = Number(values.rounds);
/** What every call is to stay under, ms. */
const AIM_MS = 100;

interface Result extends Pick<MeasuredCall, "page" | "call"> {
  readonly firstMs: number;
  readonly medianMs: number;
  readonly bestMs: number;
  /** What a call takes of the processors: of this process, which asks and answers, and of the database's. Least shaken by what else the machine does. */
  readonly cpuMs: number;
}

/** Where the deliveries are. */
interface Place {
  readonly flags: Readonly<Record<string, string>>;
  readonly openStore: () => Promise<Store>;
  /** All that work for it just now. */
  readonly pids: () => readonly number[];
  /** Does what a database does by and by in three days, after they were written in minutes. */
  readonly tidy: () => Promise<void>;
  readonly close: () => Promise<void>;
}

function onFile(): Place {
  const folder = values.folder ?? mkdtempSync(join(tmpdir(), "genhook-portal-bench-"));
  return {
    flags: { data: folder },
    openStore: () => openSqliteStore({ folder }),
    pids: () => [process.pid],
    tidy: () => Promise.resolve(),
    close: async () => {
      if (values.folder === undefined) rmSync(folder, { recursive: true });
    },
  };
}

async function onPostgres(): Promise<Place> {
  const postgres = await startPostgres();
  const url = await postgres.createDatabase();
  return {
    flags: { database: url, "sealing-key": "44".repeat(32) },
    openStore: () => openPostgresStore({ url }),
    pids: () => [process.pid, postgres.pid(), ...childrenOf(postgres.pid())],
    tidy: () => withClient(url, async (client) => void (await client.query("VACUUM (ANALYZE)"))),
    close: () => postgres.stop(),
  };
}

async function start({ flags }: Place): Promise<Genhook> {
  const resolved = resolveSettings({ port: "0", ...flags, "platform-key": KEY, "log-level": "silent" }, {});
  if (!resolved.ok) throw new Error(resolved.errors.join("\n"));
  return startGenhook(resolved.settings, pino({ level: "silent" }), (error) => {
    throw error;
  });
}

async function measure({ page, call, url, headers }: MeasuredCall, { pids }: Place): Promise<Result> {
  const times: number[] = [];
  const before = usageOfAll(pids()).cpuSeconds;
  for (let round = 0; round < ROUNDS; round += 1) {
    const at = performance.now();
    const answer = await fetch(url, { headers });
    const text = await answer.text();
    times.push(performance.now() - at);
    if (answer.status !== 200) throw new Error(`${url}: ${answer.status} ${text}`);
  }
  const cpuMs = Math.round(((usageOfAll(pids()).cpuSeconds - before) * 10_000) / ROUNDS) / 10;
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;
  return { page, call, firstMs: Math.round((times[0] ?? 0) * 10) / 10, medianMs: at(0.5), bestMs: at(0), cpuMs };
}

const place = values.store === "postgres" ? await onPostgres() : onFile();
let genhook = await start(place);
try {
  const scene = await prepare(genhook.origin);
  await genhook.stop();
  await seed(place.openStore, scene, Number(values.deliveries));
  await place.tidy();
  genhook = await start(place);
  const results: Result[] = [];
  if (!values.json) console.log("| page | call | first ms | median ms | best ms | CPU ms |\n| --- | --- | ---: | ---: | ---: | ---: |");
  for (const each of await callsOf(genhook.origin, scene)) {
    const result = await measure(each, place);
    results.push(result);
    const { page, call, firstMs, medianMs, bestMs, cpuMs } = result;
    if (!values.json) console.log(`| ${page} | ${call} | ${firstMs} | ${medianMs} | ${bestMs} | ${cpuMs} |`);
  }
  if (values.json) console.log(JSON.stringify(results));
  const slow = results.filter(({ medianMs }) => medianMs >= AIM_MS);
  console.error(`${results.length} calls, ${slow.length} with a median of ${AIM_MS} ms or more`);
  process.exitCode = slow.length === 0 ? 0 : 1;
} finally {
  await genhook.stop();
  await place.close();
}
