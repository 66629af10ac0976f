import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { addMissed, removeMissed, type Stretch } from "./missed.ts";

/** A pull webhook of `genhook listen`, the last number of it that was handled here, and which of those before the local server did not take. */
export interface Listened {
  readonly webhookId: string;
  readonly after: number;
  readonly missed: readonly Stretch[];
}

interface Kept {
  /** The process that listens, or did when it was killed. */
  readonly pid: number;
  readonly topics: Readonly<Record<string, Listened>>;
}

/** More listeners than this beside each other for one app on one shop are a mistake. */
const BESIDE_MAX = 20;

/**
 * What a listener has to remember over a restart: written after each event, so that the next one goes on behind the last that was handled. One
 * file for each app on a shop, and one more for each listener beside it.
 */
export class ListenState {
  readonly #path: string;
  #topics: Record<string, Listened>;

  private constructor(path: string, topics: Readonly<Record<string, Listened>>) {
    this.#path = path;
    this.#topics = { ...topics };
  }

  /** The state that a listener before left behind, if nobody uses it now. `key` tells apps on shops apart; it may hold a token. */
  static open(environment: Readonly<Record<string, string | undefined>>, key: string): ListenState {
    const base = environment["XDG_STATE_HOME"];
    const folder = join(base?.startsWith("/") === true ? base : join(environment["HOME"] ?? homedir(), ".local", "state"), "genhook");
    const name = createHash("sha256").update(key).digest("hex").slice(0, 24);
    for (let number = 1; ; number += 1) {
      const path = join(folder, `listen-${name}${number === 1 ? "" : `-${number}`}.json`);
      const kept = read(path);
      if (kept === null || !isRunning(kept.pid) || number === BESIDE_MAX) return new ListenState(path, kept?.topics ?? {});
    }
  }

  find(topic: string): Listened | null {
    return this.#topics[topic] ?? null;
  }

  set(topic: string, listened: Listened): void {
    this.#topics[topic] = listened;
    this.#write();
  }

  /** Notes what became of a number. */
  handled(topic: string, { webhookId, after, missed }: Listened, number: number, isTaken: boolean): void {
    const left = isTaken ? removeMissed(missed, number) : addMissed(missed, number);
    this.set(topic, { webhookId, after: Math.max(after, number), missed: left });
  }

  remove(topic: string): void {
    const { [topic]: _, ...left } = this.#topics;
    this.#topics = left;
    if (Object.keys(left).length === 0) rmSync(this.#path, { force: true });
    else this.#write();
  }

  #write(): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const aside = `${this.#path}.${process.pid}`;
    writeFileSync(aside, `${JSON.stringify({ pid: process.pid, topics: this.#topics } satisfies Kept)}\n`, { mode: 0o600 });
    renameSync(aside, this.#path);
  }
}

/** A damaged file is as good as none: its webhooks are found and named by `genhook webhooks`. */
function read(path: string): Kept | null {
  if (!existsSync(path)) return null;
  try {
    const { pid, topics } = JSON.parse(readFileSync(path, "utf8")) as Partial<Kept>;
    return typeof pid === "number" && typeof topics === "object" ? { pid, topics } : null;
  } catch {
    return null;
  }
}

function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
