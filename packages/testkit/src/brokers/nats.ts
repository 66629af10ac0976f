import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { whyMissing } from "../installed.ts";
import { freePort, listens } from "../ports.ts";
import { testCertificate } from "../tls.ts";

/** Why no NATS server can be started here; null when one can. */
export const natsMissing: string | null = whyMissing("nats-server");

export interface ThrowAwayNats {
  /** `nats://127.0.0.1:port`, or `tls://…`. */
  readonly url: string;
  /** Kills it, and starts it again on the same files and port. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** A real NATS server with JetStream in a throw-away folder; with a certificate for the key of `testCertificate` it speaks TLS alone. */
export async function startNats({ certificate }: { readonly certificate?: string } = {}): Promise<ThrowAwayNats> {
  const folder = mkdtempSync(join(tmpdir(), "genhook-nats-"));
  const port = await freePort();
  const files = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  if (certificate !== undefined) {
    writeFileSync(files.cert, certificate);
    writeFileSync(files.key, testCertificate.key);
  }
  const tls = certificate === undefined ? [] : ["--tls", "--tlscert", files.cert, "--tlskey", files.key];
  const start = async (): Promise<ChildProcess> => {
    const server = spawn("nats-server", ["-js", "-sd", folder, "-a", "127.0.0.1", "-p", String(port), ...tls], { stdio: "ignore" });
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
    url: `${certificate === undefined ? "nats" : "tls"}://127.0.0.1:${port}`,
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
