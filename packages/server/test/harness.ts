import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestDatabases, startEndpoint, type Endpoint, type EndpointOptions, type TestDatabases } from "@genhook/testkit";
import { pino } from "pino";
import { afterAll } from "vitest";
import { startGenhook, type Genhook } from "../src/compose.ts";
import type { PortalSource } from "../src/portal/portal-files.ts";
import { resolveSettings } from "../src/settings/resolve-settings.ts";

export const KEY = "test-platform-key-with-32-characters";
const SEALING_KEY = "77".repeat(32);
export const SHOP = "suns-shop.genmystore.com";

/** An answer, with its body parsed. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers freely
  readonly body: any;
}

export interface CallOptions {
  readonly key?: string | null;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, instead of a JSON body. */
  readonly raw?: string | Uint8Array;
}

/** With `GENHOOK_TEST_STORE=postgres` the same tests run on PostgreSQL: one server a test file, one database a harness. */
export const STORE: "sqlite" | "postgres" = process.env["GENHOOK_TEST_STORE"] === "postgres" ? "postgres" : "sqlite";
let databases: Promise<TestDatabases> | null = null;
afterAll(async () => (await databases)?.close(), 60_000);

/** A real server on a throw-away folder, and what a test does with it. */
export class Harness {
  readonly folder: string = mkdtempSync(join(tmpdir(), "genhook-server-"));
  readonly #endpoints: Endpoint[] = [];
  genhook: Genhook | null = null;
  origin = "";
  readonly #store: "sqlite" | "postgres";
  #database: string | null = null;

  constructor(store: "sqlite" | "postgres" = STORE) {
    this.#store = store;
  }

  async start(flags: Readonly<Record<string, string | boolean>> = {}, portal: PortalSource | null = null): Promise<this> {
    if (this.#store === "postgres") this.#database ??= await (await (databases ??= openTestDatabases())).create();
    const store = this.#database === null ? { data: this.folder } : { database: this.#database, "sealing-key": SEALING_KEY };
    const resolved = resolveSettings(
      { port: "0", ...store, "allow-private-addresses": true, "platform-key": KEY, "log-level": "silent", ...flags },
      {},
    );
    if (!resolved.ok) throw new Error(resolved.errors.join("\n"));
    const log = pino({ level: process.env["GENHOOK_TEST_LOG_LEVEL"] ?? "silent" });
    const onFatal = (error: Error): never => {
      throw error;
    };
    this.genhook = await startGenhook(resolved.settings, log, onFatal, portal);
    this.origin = this.genhook.origin;
    return this;
  }

  async restart(flags: Readonly<Record<string, string | boolean>> = {}): Promise<void> {
    await this.genhook?.stop();
    await this.start(flags);
  }

  async stop(): Promise<void> {
    for (const endpoint of this.#endpoints) await endpoint.close();
    await this.genhook?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async endpoint(options: EndpointOptions = {}): Promise<Endpoint> {
    const endpoint = await startEndpoint(options);
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  async call(method: string, path: string, body?: unknown, options: CallOptions = {}): Promise<Answer> {
    const headers: Record<string, string> = { ...options.headers };
    if (options.token !== undefined) headers["X-Genstore-Access-Token"] = options.token;
    else if (options.key !== null) headers["Authorization"] = `Bearer ${options.key ?? KEY}`;
    const payload = options.raw ?? (body === undefined ? undefined : JSON.stringify(body));
    if (payload !== undefined && headers["Content-Type"] === undefined) headers["Content-Type"] = "application/json";
    const response = await fetch(this.origin + path, { method, headers, ...(payload === undefined ? {} : { body: payload as string }) });
    const text = await response.text();
    let parsed: unknown = null;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Not every answer is JSON.
    }
    return { status: response.status, headers: response.headers, text, body: parsed };
  }

  /** A shop, an app and an installation with all scopes; answers the app's credentials. */
  async install(
    app: Readonly<Record<string, unknown>> = {},
    shop: string = SHOP,
    scopes: readonly string[] = ["read_orders", "read_products", "read_customers", "write_apps"],
  ): Promise<Installed> {
    await this.call("PUT", `/platform/v1/shops/${shop}`, { plan: "advanced" });
    return this.installOn(shop, app, scopes);
  }

  /** The same on a shop that is there already. */
  async installOn(
    shop: string,
    app: Readonly<Record<string, unknown>> = {},
    scopes: readonly string[] = ["read_orders", "write_apps"],
  ): Promise<Installed> {
    const made = await this.call("POST", "/platform/v1/apps", { name: "An app", ...app });
    const { clientId, clientSecret, signingSecret } = made.body.app as Installed;
    const installed = await this.call("POST", "/platform/v1/installations", { clientId, shop, scopes });
    return { clientId, clientSecret, signingSecret, token: installed.body.installation.accessToken as string, shop };
  }

  /** A token of app-wide access for the app. */
  async signIn({ clientId, clientSecret }: Pick<Installed, "clientId" | "clientSecret">): Promise<string> {
    const answer = await this.call("POST", "/apps/v1/token", { clientId, clientSecret }, { key: null });
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body.token.token as string;
  }

  async subscribe(installed: Installed, topic: string, address: string): Promise<number> {
    const answer = await this.call("POST", "/api/202412/app/webhooks", { webhook: { topic, address } }, { token: installed.token });
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body.webhook.id as number;
  }

  publish(topic: string, payload: unknown, more: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    return this.call("POST", "/platform/v1/events", { shop: SHOP, topic, payload, ...more });
  }

  /** Asks until the answer fits, past a bucket that the asking has emptied. Bounded by the test's own time limit. */
  async until(path: string, fits: (answer: Answer) => boolean, options: CallOptions = {}): Promise<Answer> {
    for (;;) {
      const answer = await this.call("GET", path, undefined, options);
      if (answer.status !== 429 && fits(answer)) return answer;
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  }
}

export interface Installed {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly signingSecret: string;
  readonly token: string;
  readonly shop: string;
}

export const ORDER = { order: { id: "300157930096874", totalPrice: "409.94" } };
