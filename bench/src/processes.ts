import { fork, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CLIENT_SECRET } from "./credentials.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What the kernel says of a process so far, and of those that it had started and that have ended. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly writtenBytes: number;
  readonly peakRssBytes: number;
}

const TICKS_PER_SECOND = 100;

/** The same of several processes together; memory of the largest. */
export function usageOfAll(pids: readonly number[]): Usage {
  const each = pids.flatMap((pid) => unlessEnded(() => usageOf(pid)) ?? []);
  return {
    cpuSeconds: each.reduce((sum, usage) => sum + usage.cpuSeconds, 0),
    writtenBytes: each.reduce((sum, usage) => sum + usage.writtenBytes, 0),
    peakRssBytes: Math.max(...each.map((usage) => usage.peakRssBytes)),
  };
}

/** Processes that a process has started and that still run: a database server's are its work. */
export function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => parentOf(child) === pid);
}

function parentOf(pid: number): number | null {
  return unlessEnded(() => Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]));
}

/** What is read of a process or thread; null where it has ended meanwhile, as a database's connections do at any time. */
function unlessEnded<Value>(read: () => Value): Value | null {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

export function usageOf(pid: number): Usage {
  const { own, ofEnded } = statOf(`/proc/${pid}`);
  const written = /^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1];
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return {
    cpuSeconds: (own + ofEnded) / TICKS_PER_SECOND,
    writtenBytes: Number(written),
    peakRssBytes: Number(peak) * 1_024,
  };
}

/** CPU seconds so far of all threads, by what they are: V8's pool collects garbage and compiles, workers are the store's. */
export function threadsOfAll(pids: readonly number[]): Readonly<Record<string, number>> {
  const seconds: Record<string, number> = {};
  for (const pid of pids) {
    for (const thread of unlessEnded(() => readdirSync(`/proc/${pid}/task`)) ?? []) {
      const stat = unlessEnded(() => statOf(`/proc/${pid}/task/${thread}`));
      if (stat === null) continue;
      const name = thread === String(pid) ? "main" : stat.name;
      seconds[name] = (seconds[name] ?? 0) + stat.own / TICKS_PER_SECOND;
    }
  }
  return seconds;
}

/** What a process or a thread is called, and the ticks of CPU that it has had, user and system; also those of its children that have ended. */
function statOf(folder: string): { readonly name: string; readonly own: number; readonly ofEnded: number } {
  const stat = readFileSync(`${folder}/stat`, "utf8");
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15)
    .map(Number);
  return { name: stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")), own: user + system, ofEnded: endedUser + endedSystem };
}

/** Counts the syncs that a process makes while `work` runs; null where there is no strace to count them. */
export async function countSyncs(pid: number, work: () => Promise<void>): Promise<number | null> {
  if (spawnSync("strace", ["-V"]).status !== 0) return null;
  const folder = mkdtempSync(join(tmpdir(), "genhook-strace-"));
  const file = join(folder, "calls");
  const strace = spawn("strace", ["-f", "-e", "trace=fsync,fdatasync", "-o", file, "-p", String(pid)], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  await new Promise((resolve) => strace.stderr.once("data", resolve));
  await work();
  const exited = new Promise((resolve) => strace.once("exit", resolve));
  strace.kill("SIGINT");
  await exited;
  const syncs = readFileSync(file, "utf8").match(/f(data)?sync\(/g)?.length ?? 0;
  rmSync(folder, { recursive: true, force: true });
  return syncs;
}

/** What has arrived at the paths that begin with one word. */
export interface Arrivals {
  readonly arrived: number;
  readonly bad: number;
  readonly distinct: number;
  readonly latencies: readonly number[];
}

export class Receiver {
  readonly child: ChildProcess;
  readonly #protocol: "http" | "https";
  origin = "";

  constructor(protocol: "http" | "https" = "http") {
    this.#protocol = protocol;
    this.child = fork(at("./receiver-process.ts"), [CLIENT_SECRET, protocol]);
  }

  async start(): Promise<void> {
    const { port } = await this.#next<{ port: number }>("listening");
    this.origin = `${this.#protocol}://127.0.0.1:${port}`;
  }

  async reset(): Promise<void> {
    await this.#ask("reset");
  }

  /** What is sent to paths that begin with this word is answered 503; nothing any more where it is empty. */
  async outage(group: string): Promise<void> {
    await this.#ask("outage", { group });
  }

  async arrived(count: number, groups: readonly string[]): Promise<void> {
    const answer = this.#next("arrived");
    this.child.send({ kind: "wait", count, groups });
    await answer;
  }

  async report(): Promise<Readonly<Record<string, Arrivals>>> {
    return (await this.#ask<{ readonly groups: Record<string, Arrivals> }>("report")).groups;
  }

  #ask<Message>(kind: string, more: object = {}): Promise<Message> {
    const answer = this.#next<Message>(kind);
    this.child.send({ kind, ...more });
    return answer;
  }

  #next<Message>(kind: string): Promise<Message> {
    return new Promise((resolve) => {
      const listen = (message: { readonly kind: string }): void => {
        if (message.kind !== kind) return;
        this.child.off("message", listen);
        resolve(message as Message);
      };
      this.child.on("message", listen);
    });
  }
}

/** Sends `count` requests as fast as undici can. */
export function runRaw(args: readonly string[]): Promise<{ readonly seconds: number; readonly cpuSeconds: number }> {
  const child = fork(at("./raw-process.ts"), [...args]);
  return new Promise((resolve, reject) => {
    child.on("message", (message: { seconds: number; cpuSeconds: number }) => resolve(message));
    child.on("error", reject);
    child.on("exit", (code) => {
      if (code !== 0) reject(new Error(`the bare sender ended with ${code}`));
    });
  });
}

export class Server {
  readonly child: ChildProcess;
  #output = "";

  constructor(args: readonly string[], environment: Readonly<Record<string, string>>, nodeFlags = "") {
    const command = at("../../packages/cli/src/bin.js");
    // By its own first line, as its users start it: it carries the engine's flags. Others only to look inside (--cpu-prof) or to compare.
    const [file, ...first] = nodeFlags === "" ? [command] : [process.execPath, ...nodeFlags.split(" "), command];
    this.child = spawn(file ?? command, [...first, "serve", ...args], {
      env: { PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`, ...environment },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.child.stdout?.on("data", (data: Buffer) => (this.#output += data.toString()));
  }

  async listening(): Promise<string> {
    for (;;) {
      const origin = /listening on (\S+)/.exec(this.#output)?.[1];
      if (origin !== undefined) return origin;
      await new Promise((resolve) => this.child.stdout?.once("data", resolve));
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    await exited;
  }
}
