import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { whyMissing } from "../installed.ts";
import { freePort, listens } from "../ports.ts";

/** Why no NATS server can be started here; null when one can. */
export const natsMissing: string | null = whyMissing("nats-server");

export interface ThrowAwayNats {
  /** `nats://127.0.0.1:port`. */
  readonly url: string;
  /** Kills it, and starts it again on the same files and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A real NATS server with JetStream in a throw-away folder. */
export async function startNats(): Promise<ThrowAwayNats> {
  const folder = mkdtempSync(join(tmpdir(), "genhook-nats-"));
  const port = await freePort();
  const start = async (): Promise<ChildProcess> => {
    const server = spawn("nats-server", ["-js", "-sd", folder, "-a", "127.0.0.1", "-p", String(port)], { stdio: "ignore" });
    await listens(port, server);
    return server;
  };
  let server = await start();
  const kill = async (): Promise<void> => {
    const exited = once(server, "exit");
    server.kill("SIGKILL");
    await exited;
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    restart: async () => {
      await kill();
      server = await start();
    },
    stop: async () => {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
