import { execFileSync, spawn } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { freePort, postgresBinaries, withClient } from "@genhook/testkit";
import { after } from "./crash.ts";
import { fill } from "./disk-full.ts";
import { makeFolder } from "./server-process.ts";

/** A PostgreSQL whose data lies on a small file system in memory. */
export interface SmallDatabase {
  readonly url: string;
  /** Takes all the room that is left, and gives it back. */
  fill(): void;
  free(): void;
  close(): Promise<void>;
}

const SIZE_MIB = 160;

/** Its log lies elsewhere, as it should: a full disk under the log ends PostgreSQL itself. In a mount namespace of its own; there as a user that is not root. */
export async function startSmallPostgres(): Promise<SmallDatabase> {
  const mount = makeFolder();
  const log = makeFolder();
  chmodSync(log.path, 0o777);
  const binaries = postgresBinaries();
  const port = await freePort();
  const asUser = "unshare --user --map-user=65534 --map-group=65534";
  const settings = `-c listen_addresses=127.0.0.1 -c port=${port} -c unix_socket_directories= -c shared_buffers=16MB -c max_connections=60 -c autovacuum_naptime=1s`;
  const script = [
    `mount -t tmpfs -o size=${SIZE_MIB}m,mode=0700 tmpfs ${mount.path}`,
    `${asUser} ${binaries}/initdb -D ${mount.path}/cluster --waldir=${log.path}/wal -U postgres -A trust -E UTF8 --no-locale --no-sync`,
    `exec ${asUser} ${binaries}/postgres -D ${mount.path}/cluster ${settings}`,
  ].join(" && ");
  const server = spawn("unshare", ["--map-root-user", "--mount", "sh", "-c", script], { stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  server.stderr.on("data", (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4_000)));
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL did not start:\n${output}`);
    const answers = await withClient(url, (client) => client.query("SELECT 1")).then(
      () => true,
      () => false,
    );
    if (answers) break;
    await after(50);
  }
  const filler = `/proc/${server.pid}/root${mount.path}/filler`;
  return {
    url,
    fill: () => fill(filler),
    free: () => rmSync(filler),
    close: async () => {
      server.kill("SIGQUIT");
      await ended;
      execFileSync("rm", ["-rf", mount.path, log.path]);
    },
  };
}
