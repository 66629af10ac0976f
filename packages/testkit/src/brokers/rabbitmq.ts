import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, listens } from "../ports.ts";
import { testCertificate } from "../tls.ts";

/** Debian's own command changes to another user and to shared folders; this is what it starts. */
const COMMAND = ["/usr/lib/rabbitmq/bin/rabbitmq-server", "/usr/local/sbin/rabbitmq-server", "/opt/rabbitmq/sbin/rabbitmq-server"].find(
  (path) => existsSync(path),
);

/** Why no RabbitMQ can be started here; null when one can. */
export const rabbitMissing: string | null =
  COMMAND === undefined ? "rabbitmq-server is not installed (Debian: apt-get install rabbitmq-server)" : null;

export interface ThrowAwayRabbit {
  /** `amqp://guest:guest@127.0.0.1:port`, or `amqps://…`. */
  readonly url: string;
  /** Kills it, and starts it again on the same files and ports, with another certificate where one is given. */
  restart(certificate?: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * A real RabbitMQ of its own: its folder, its node's name, its ports, and its own epmd, which would otherwise be started in the background, shared with every
 * other Erlang program of the machine, and left behind.
 * With a certificate for the key of `testCertificate` it speaks TLS alone.
 */
export async function startRabbit({ certificate }: { readonly certificate?: string } = {}): Promise<ThrowAwayRabbit> {
  if (COMMAND === undefined) throw new Error(rabbitMissing ?? "");
  const folder = mkdtempSync(join(tmpdir(), "genhook-rabbitmq-"));
  chmodSync(folder, 0o755);
  const [port, distributionPort, epmdPort] = [await freePort(), await freePort(), await freePort()];
  const tls = certificate === undefined ? null : prepareTls(folder, port, certificate);
  // Only the loopback address, few threads, and no waiting for it to be ready for many.
  writeFileSync(
    join(folder, "rabbitmq.conf"),
    [
      ...(tls?.settings ?? [`listeners.tcp.1 = 127.0.0.1:${port}`]),
      "log.file.level = warning",
      "disk_free_limit.absolute = 50MB",
      "vm_memory_high_watermark.absolute = 1GB",
    ].join("\n"),
  );
  writeFileSync(join(folder, "enabled_plugins"), "[].\n");
  const environment = {
    PATH: process.env["PATH"],
    LANG: "C.UTF-8",
    HOME: folder,
    ERL_EPMD_PORT: String(epmdPort),
    ERL_EPMD_ADDRESS: "127.0.0.1",
    RABBITMQ_NODENAME: `genhook${port}@localhost`,
    // With these it opens a listener without TLS there.
    ...(tls === null ? { RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1", RABBITMQ_NODE_PORT: String(port) } : {}),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
    RABBITMQ_CONF_ENV_FILE: join(folder, "no-environment"),
    RABBITMQ_MNESIA_BASE: join(folder, "mnesia"),
    RABBITMQ_LOG_BASE: join(folder, "log"),
    RABBITMQ_LOGS: join(folder, "log", "rabbit.log"),
    RABBITMQ_SCHEMA_DIR: join(folder, "schema"),
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, "config"),
    RABBITMQ_PLUGINS_EXPAND_DIR: join(folder, "plugins"),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
    RABBITMQ_PID_FILE: join(folder, "pid"),
    // The script then becomes the server, instead of being its parent.
    RABBITMQ_ALLOW_INPUT: "true",
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-noinput +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none",
  };
  const epmd = spawn("epmd", ["-port", String(epmdPort), "-address", "127.0.0.1"], { env: environment, stdio: "ignore" });
  const epmdExited = once(epmd, "exit");
  await listens(epmdPort, epmd);
  const start = async (): Promise<ChildProcess> => {
    const server = spawn(COMMAND, [], { env: environment, stdio: "ignore" });
    await listens(port, server).catch((error: unknown) => {
      throw new Error(readLog(folder), { cause: error });
    });
    return server;
  };
  let server = await start();
  const kill = async (): Promise<void> => {
    const exited = once(server, "exit");
    server.kill("SIGKILL");
    await exited;
  };
  return {
    url: `${tls === null ? "amqp" : "amqps"}://guest:guest@127.0.0.1:${port}`,
    restart: async (other) => {
      await kill();
      if (other !== undefined && tls !== null) writeFileSync(tls.certificateFile, other);
      server = await start();
    },
    stop: async () => {
      await kill();
      epmd.kill("SIGKILL");
      await epmdExited;
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

interface TlsSetUp {
  readonly certificateFile: string;
  /** Lines of `rabbitmq.conf`. */
  readonly settings: readonly string[];
}

function prepareTls(folder: string, port: number, certificate: string): TlsSetUp {
  const files = { ca: join(folder, "ca.pem"), cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  writeFileSync(files.ca, testCertificate.ca);
  writeFileSync(files.cert, certificate);
  writeFileSync(files.key, testCertificate.key);
  return {
    certificateFile: files.cert,
    settings: [
      "listeners.tcp = none",
      `listeners.ssl.1 = 127.0.0.1:${port}`,
      `ssl_options.cacertfile = ${files.ca}`,
      `ssl_options.certfile = ${files.cert}`,
      `ssl_options.keyfile = ${files.key}`,
    ],
  };
}

function readLog(folder: string): string {
  const path = join(folder, "log", "rabbit.log");
  return `RabbitMQ did not start:\n${existsSync(path) ? readFileSync(path, "utf8").slice(-4_000) : "it wrote no log"}`;
}
