import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { whyMissing } from "../installed.ts";
import { freePort } from "../ports.ts";

/** A pooler in front of a server. */
export interface Pooler {
  /** The same database, through the pooler. */
  through(databaseUrl: string): string;
  stop(): Promise<void>;
}

/** Like PostgreSQL, pgbouncer refuses to run as root. */
const NOBODY = 65_534;
const LOG_KEPT_CHARACTERS = 4_000;

/** Why no pooler can be started here; null when one can. */
export const poolerMissing: string | null = whyMissing("pgbouncer");

/**
 * pgbouncer in transaction mode: every transaction may run on another of its few connections to the server, so what a session keeps
 * (settings, named statements, LISTEN, advisory locks) is lost or is somebody else's.
 */
export async function startPooler(serverUrl: string, connectionsPerDatabase: number): Promise<Pooler> {
  const server = new URL(serverUrl);
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "genhook-pooler-"));
  chmodSync(folder, 0o755);
  const file = join(folder, "pgbouncer.ini");
  const password = server.password === "" ? "" : ` password=${decodeURIComponent(server.password)}`;
  const settings = [
    "[databases]",
    `* = host=${server.hostname} port=${server.port === "" ? "5432" : server.port} user=${server.username}${password}`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${port}`,
    "unix_socket_dir =",
    "auth_type = any",
    "pool_mode = transaction",
    "max_client_conn = 500",
    `default_pool_size = ${connectionsPerDatabase}`,
  ];
  writeFileSync(file, `${settings.join("\n")}\n`);
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const pooler = spawn("pgbouncer", [file], { ...user, stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(pooler, "exit");
  let log = "";
  await new Promise<void>((resolve, reject) => {
    pooler.once("error", reject);
    pooler.once("exit", () => reject(new Error(`pgbouncer did not start:\n${log}`)));
    pooler.stderr.on("data", (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-LOG_KEPT_CHARACTERS);
      if (log.includes("process up")) resolve();
    });
  });
  return {
    through: (databaseUrl) => {
      const url = new URL(databaseUrl);
      url.hostname = "127.0.0.1";
      url.port = String(port);
      return url.href;
    },
    stop: async () => {
      pooler.kill("SIGKILL");
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
