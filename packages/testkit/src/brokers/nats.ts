import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort } from "../postgres/free-port.ts";

/** Why no NATS server can be started here; null when one can. */
export const natsMissing: string | null = (process.env["PATH"] ?? "")
  .split(delimiter)
  .some((folder) => existsSync(join(folder, "nats-server")))
  ? null
  : "nats-server is not installed (Debian: apt-get install nats-server)";

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

/** Resolves once something listens; rejects when the process ends before. */
export async function listens(port: number, server: ChildProcess): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`${server.spawnfile} ended with ${server.exitCode} before it listened`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
    if (isOpen) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}
