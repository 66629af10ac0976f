import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { whyMissing } from "./installed.ts";

/** Why no Redis can be started here; null when one can. */
export const redisMissing: string | null = whyMissing("redis-server");

export interface ThrowAwayRedis {
  /** The socket that it listens on; it has no port. */
  readonly path: string;
  pid(): number;
  close(): Promise<void>;
}

/** A real Redis of its own in a throw-away folder; it writes nothing to disk, unless `flags` say so. */
export async function startRedis(flags: readonly string[] = []): Promise<ThrowAwayRedis> {
  const folder = mkdtempSync(join(tmpdir(), "genhook-redis-"));
  const path = join(folder, "redis.sock");
  const server = spawn("redis-server", ["--port", "0", "--unixsocket", path, "--dir", folder, "--save", "", ...flags], { stdio: "ignore" });
  const exited = once(server, "exit");
  let hasExited = false;
  void exited.then(() => (hasExited = true));
  while (!existsSync(path)) {
    if (hasExited) throw new Error("redis-server ended before it listened");
    await sleep(5);
  }
  return {
    path,
    pid: () => server.pid ?? 0,
    close: async () => {
      server.kill();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
