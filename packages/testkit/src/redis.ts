import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Why no Redis can be started here; null when one can. */
export const redisMissing: string | null = (process.env["PATH"] ?? "")
  .split(delimiter)
  .some((folder) => existsSync(join(folder, "redis-server")))
  ? null
  : "redis-server is not installed (Debian: apt-get install redis-server)";

export interface ThrowAwayRedis {
  /** The socket that it listens on; it has no port. */
  readonly path: string;
  close(): Promise<void>;
}

/** A real Redis of its own in a throw-away folder. */
export async function startRedis(): Promise<ThrowAwayRedis> {
  const folder = mkdtempSync(join(tmpdir(), "genhook-redis-"));
  const path = join(folder, "redis.sock");
  const server = spawn("redis-server", ["--port", "0", "--unixsocket", path, "--dir", folder, "--save", "", "--appendonly", "no"], {
    stdio: "ignore",
  });
  const exited = once(server, "exit");
  let hasExited = false;
  void exited.then(() => (hasExited = true));
  while (!existsSync(path)) {
    if (hasExited) throw new Error("redis-server ended before it listened");
    await sleep(5);
  }
  return {
    path,
    close: async () => {
      server.kill();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
