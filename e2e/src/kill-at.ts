/**
 * Loaded into a server (`node --import`): ends its process with SIGKILL at a chosen statement. Counts the statements that fit the pattern, on
 * each thread by itself; from the chosen one on `further` more are let pass, whatever they are, so that a kill can be had anywhere inside a
 * transaction and right behind it.
 */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { DatabaseSync, StatementSync } from "node:sqlite";
import type { KillAt } from "./kill-points.ts";

const MINUTE_MS = 60_000;
const DRIVER = "pg";

const chosen = JSON.parse(process.env["GENHOOK_TEST_KILL_AT"] ?? "null") as KillAt | null;
if (chosen !== null) watch(chosen);

function watch(at: KillAt): void {
  const pattern = new RegExp(at.pattern);
  let seen = 0;
  let further = -1;
  /** Whether this statement is the one. */
  const isIt = (text: string): boolean => {
    if (further < 0) {
      if (!pattern.test(text)) return false;
      seen += 1;
      if (seen < at.nth) return false;
    }
    further += 1;
    return further === at.further;
  };
  watchSqlite(at, isIt);
  watchPostgres(at, isIt);
  // What a server looks at every minute it looks at twice a second: lives are short here.
  const { setTimeout: setTimer } = globalThis;
  const sooner = (fire: (...args: unknown[]) => void, delayMs?: number, ...args: unknown[]): NodeJS.Timeout =>
    setTimer(fire, delayMs === MINUTE_MS ? 500 : delayMs, ...args);
  globalThis.setTimeout = Object.assign(sooner, setTimer) as typeof setTimeout;
}

function die(): void {
  process.kill(process.pid, "SIGKILL");
}

/** From another process: this thread is inside the statement then. */
function dieDuring(delayMs: number): void {
  spawn("sh", ["-c", `sleep ${delayMs / 1_000}; kill -9 ${process.pid}`], { detached: true, stdio: "ignore" }).unref();
}

function watchSqlite(at: KillAt, isIt: (text: string) => boolean): void {
  type Method = (...args: unknown[]) => unknown;
  const wrap = (owner: object, name: string, textOf: (self: unknown, args: readonly unknown[]) => string): void => {
    const own = owner as Record<string, Method>;
    const original = own[name] as Method;
    own[name] = function wrapped(this: unknown, ...args: unknown[]): unknown {
      if (!isIt(textOf(this, args))) return original.apply(this, args);
      if (at.when === "before") die();
      if (at.when === "during") dieDuring(at.delayMs);
      const value = original.apply(this, args);
      if (at.when === "after") die();
      return value;
    };
  };
  for (const name of ["run", "get", "all"]) wrap(StatementSync.prototype, name, (self) => (self as StatementSync).sourceSQL);
  wrap(DatabaseSync.prototype, "exec", (_, [text]) => String(text));
  wrap(DatabaseSync.prototype, "close", () => "close");
}

function watchPostgres(at: KillAt, isIt: (text: string) => boolean): void {
  // The copy that the server uses: the storage package's, and the testkit's.
  const require = createRequire(import.meta.resolve("@genhook/testkit"));
  type Query = (this: object, ...args: unknown[]) => unknown;
  const { prototype } = (require(DRIVER) as { Client: { prototype: { query: Query } } }).Client;
  const original = prototype.query;
  prototype.query = function wrapped(this: object, ...args: unknown[]): unknown {
    if (!isIt(textOf(args))) return original.apply(this, args);
    if (at.when === "before") die();
    if (at.when === "during") setTimeout(die, at.delayMs);
    else {
      // Before anybody else hears of the answer.
      const last = args.length - 1;
      if (typeof args[last] === "function") args[last] = die;
      else return (original.apply(this, args) as Promise<unknown>).finally(die);
    }
    return original.apply(this, args);
  };
}

/** A statement, and behind it of what kind its values are: `[3]` for a list of three. */
function textOf([query, values]: readonly unknown[]): string {
  const { text, values: own } = (typeof query === "object" ? query : { text: query, values }) as Prepared;
  const kinds = (own ?? []).map((value) => (Array.isArray(value) ? `[${value.length}]` : typeof value));
  return `${text}\n${kinds.join(",")}`;
}

interface Prepared {
  readonly text: string;
  readonly values?: readonly unknown[];
}
