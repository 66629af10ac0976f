import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startThrowAwayPostgres, type ThrowAwayPostgres } from "@genhook/testkit";
import { KEY } from "./credentials.ts";
import { childrenOf, Server } from "./processes.ts";

export interface SystemOptions {
  /** Attempts in flight to one endpoint. */
  readonly connections: number;
  readonly nodeFlags?: string;
  /** Further flags of the command. */
  readonly flags?: readonly string[];
}

/** What is measured: processes on one store, with what the store itself takes. */
export interface System {
  readonly origins: readonly string[];
  /** All that work for it just now. */
  readonly pids: () => readonly number[];
  readonly stop: () => Promise<void>;
}

function flagsOf({ connections, flags = [] }: SystemOptions): string[] {
  return ["--port", "0", "--allow-private-addresses", "--endpoint-concurrency", String(connections), "--log-level", "error", ...flags];
}

/** On an embedded file in a folder of its own, or in one that is given, and that stays. */
export async function startOnFile(options: SystemOptions, given?: string): Promise<System> {
  const folder = given ?? mkdtempSync(join(tmpdir(), "genhook-bench-"));
  const server = new Server([...flagsOf(options), "--data", folder], { GENHOOK_PLATFORM_KEY: KEY }, options.nodeFlags);
  return {
    origins: [await server.listening()],
    pids: () => [server.child.pid ?? 0],
    stop: async () => {
      await server.stop();
      if (given === undefined) rmSync(folder, { recursive: true, force: true });
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

/** So many processes on a database of their own. PostgreSQL's processes count as well: what it does is not free. */
export async function startOnPostgres(postgres: ThrowAwayPostgres, count: number, options: SystemOptions): Promise<PostgresSystem> {
  const environment = { GENHOOK_PLATFORM_KEY: KEY, GENHOOK_SEALING_KEY: "44".repeat(32) };
  const database = await postgres.createDatabase();
  let servers: readonly Server[] = [];
  let origins: readonly string[] = [];
  const start = async (many: number): Promise<void> => {
    servers = Array.from({ length: many }, () => new Server([...flagsOf(options), "--database", database], environment, options.nodeFlags));
    origins = await Promise.all(servers.map((server) => server.listening()));
  };
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()));
  };
  await start(count);
  return {
    database,
    get origins() {
      return origins;
    },
    pids: () => [...servers.map((server) => server.child.pid ?? 0), postgres.pid(), ...childrenOf(postgres.pid())],
    restart: async (many) => {
      await stop();
      await start(many);
    },
    stop,
  };
}
