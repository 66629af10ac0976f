import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { callApiWith, type CallApi } from "@genhook/testkit";

export const BIN: string = fileURLToPath(new URL("../../packages/cli/src/bin.js", import.meta.url));
/**
 * What Node has compiled of the server's files is kept here by those that end in good order, and the next ones need not compile it again: a quarter of what a start takes.
 * An entry belongs to a path, so a copy of the program elsewhere leaves none.
 */
const COMPILED = fileURLToPath(new URL("../../node_modules/.cache/compiled", import.meta.url));
export const KEY = "end-to-end-platform-key-0123456789";
export const SHOP = "suns-shop.genmystore.com";

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** `genhook` as a process of its own. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly exited: Promise<Exit>;
  output = "";

  /** With `within`, started by another command that ends in it (`exec`): in a namespace, under a limit. `bin`: another copy of the command. */
  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string | undefined>> = {},
    within: readonly [command: string, ...args: string[]] = [process.execPath],
    bin: string = BIN,
  ) {
    const [command, ...before] = within;
    this.#child = spawn(command, [...before, ...(within.length > 1 ? [process.execPath] : []), bin, ...args], {
      env: {
        PATH: process.env["PATH"],
        GENHOOK_PLATFORM_KEY: KEY,
        ...(bin === BIN ? { NODE_COMPILE_CACHE: COMPILED } : {}),
        ...environment,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.on("data", (data: Buffer) => (this.output += data.toString()));
    this.#child.stderr?.on("data", (data: Buffer) => (this.output += data.toString()));
    this.exited = new Promise((resolve) => {
      this.#child.on("exit", (code, signal) => resolve({ code, signal }));
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** The origin that it listens on; rejects when it ends before. */
  async listening(): Promise<string> {
    const ended = this.exited.then(() => null);
    for (;;) {
      const origin = /listening on (http:\/\/\S+)/.exec(this.output)?.[1];
      if (origin !== undefined) return origin;
      const data = new Promise<true>((resolve) => this.#child.stdout?.once("data", () => resolve(true)));
      if ((await Promise.race([data, ended])) === null) throw new Error(`genhook ended before it listened:\n${this.output}`);
    }
  }

  /** Resolves when it has written something more; rejects when it has ended. */
  async moreOutput(): Promise<void> {
    const more = new Promise<true>((resolve) => this.#child.stdout?.once("data", () => resolve(true)));
    if ((await Promise.race([more, this.exited.then(() => null)])) === null) throw new Error(`genhook ended:\n${this.output}`);
  }

  /** What it has in memory just now, MiB. */
  get residentMib(): number {
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.pid}/status`, "utf8"))?.[1] ?? 0) / 1_024);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

export function makeFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), "genhook-e2e-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export const call: CallApi = callApiWith(KEY);

/** How many deliveries are owed. */
export async function pendingAt(origin: string): Promise<number> {
  return (await call<{ now: { pending: number } }>(origin, "GET", "/platform/v1/stats")).now.pending;
}

/** Resolves once nothing is owed. */
export async function settled(origin: string): Promise<void> {
  while ((await pendingAt(origin)) > 0) await setTimeout(20);
}

/** A shop, an app, an installation and these subscriptions to `orders/create`; answers the installation's token. */
export async function setUp(origin: string, addresses: readonly string[]): Promise<string> {
  await call(origin, "PUT", `/platform/v1/shops/${SHOP}`, { plan: "advanced" });
  const { app } = await call<{ app: { clientId: string } }>(origin, "POST", "/platform/v1/apps", { name: "app" });
  const { installation } = await call<{ installation: { accessToken: string } }>(origin, "POST", "/platform/v1/installations", {
    clientId: app.clientId,
    shop: SHOP,
    scopes: ["read_orders", "write_apps"],
  });
  for (const address of addresses) {
    await call(origin, "POST", "/api/202412/app/webhooks", { webhook: { topic: "orders/create", address } }, installation.accessToken);
  }
  return installation.accessToken;
}

/** Publishes one order, with an order key where there is one; the event's id, or null where the answer never came or was no 202. */
export async function publish(origin: string, n: number, orderKey?: string): Promise<string | null> {
  try {
    const body = {
      shop: SHOP,
      topic: "orders/create",
      idempotencyKey: `order-${n}`,
      ...(orderKey === undefined ? {} : { orderKey }),
      payload: { order: { id: n + 1, key: orderKey, note: "x".repeat(500) } },
    };
    return (await call<{ event: { id: string } }>(origin, "POST", "/platform/v1/events", body)).event.id;
  } catch {
    return null;
  }
}
