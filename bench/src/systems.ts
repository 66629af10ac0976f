import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startThrowAwayPostgres, type ThrowAwayPostgres } from "@genhook/testkit";
import { childrenOf, Server } from "./processes.ts";
import { KEY } from "./workload.ts";

export interface SystemOptions {
  /** Attempts in flight to the one endpoint. */
  readonly connections: number;
  readonly nodeFlags: string;
}

/** What is measured: processes on one store, with what the store itself takes. */
export interface System {
  readonly origins: readonly string[];
  /** All that work for it just now. */
  readonly pids: () => readonly number[];
  readonly stop: () => Promise<void>;
}

function flagsOf({ connections }: SystemOptions): string[] {
  return ["--port", "0", "--allow-private-addresses", "--endpoint-concurrency", String(connections), "--log-level", "error"];
}

export async function startOnFile(options: SystemOptions): Promise<System> {
  const folder = mkdtempSync(join(tmpdir(), "genhook-bench-"));
  const server = new Server([...flagsOf(options), "--data", folder], { GENHOOK_PLATFORM_KEY: KEY }, options.nodeFlags);
  return {
    origins: [await server.listening()],
    pids: () => [server.child.pid ?? 0],
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The same on PostgreSQL, whose processes can be exchanged for others. */
export interface PostgresSystem extends System {
  readonly database: string;
  /** Ends the processes in good order, and starts so many new ones. */
  restart(count: number): Promise<void>;
}

/** For Genhook and for peers: no checkpoint is forced within a round. */
export function startPostgres(): Promise<ThrowAwayPostgres> {
  return startThrowAwayPostgres({ settings: ["max_wal_size = 4GB", "checkpoint_timeout = 15min"] });
}

/** PostgreSQL's own processes count as well: what it does is not free. */
export async function startOnPostgres(count: number, options: SystemOptions): Promise<PostgresSystem> {
  const postgres = await startPostgres();
  const environment = { GENHOOK_PLATFORM_KEY: KEY, GENHOOK_SEALING_KEY: "44".repeat(32) };
  const database = await postgres.createDatabase();
  let servers: readonly Server[] = [];
  let origins: readonly string[] = [];
  const start = async (many: number): Promise<void> => {
    servers = Array.from({ length: many }, () => new Server([...flagsOf(options), "--database", database], environment, options.nodeFlags));
    origins = await Promise.all(servers.map((server) => server.listening()));
  };
  const end = (): Promise<unknown> => Promise.all(servers.map((server) => server.stop()));
  await start(count);
  return {
    database,
    get origins() {
      return origins;
    },
    pids: () => [...servers.map((server) => server.child.pid ?? 0), postgres.pid(), ...childrenOf(postgres.pid())],
    restart: async (many) => {
      await end();
      await start(many);
    },
    stop: async () => {
      await end();
      await postgres.stop();
    },
  };
}
