import { createHash } from "node:crypto";
import { endpointOf, shardOf } from "@genhook/core";
import { startEndpoint, withClient, type Endpoint, type EndpointOptions, type TestDatabases } from "@genhook/testkit";
import { call, ServerProcess, SHOP } from "./server-process.ts";

/** As the server is started with them where nothing else is said: leases of 10 s. */
export const LEASE_MS = 10_000;

const SEALING_KEY = "33".repeat(32);

/** One of several processes, with the name that the database knows it by. */
export interface ClusterNode {
  readonly process: ServerProcess;
  readonly origin: string;
  readonly name: string;
}

export interface ClusterNodeOptions {
  /** By how much its own clock is off, ms. */
  readonly clockOffMs?: number;
  /** Another way to the database. */
  readonly database?: string;
}

/** An app on the shop. */
export interface Installed {
  readonly clientId: string;
  readonly token: string;
}

/** Several `genhook serve` on one database, an app with endpoints, and a look into the leases. */
export class ClusterScene {
  readonly database: string;
  readonly #processes: ServerProcess[] = [];
  readonly #endpoints: Endpoint[] = [];
  readonly #names = new Set<string>();

  private constructor(database: string) {
    this.database = database;
  }

  static async open(databases: TestDatabases): Promise<ClusterScene> {
    return new ClusterScene(await databases.create());
  }

  /** Starts one more process; resolves when it listens and the database knows it. */
  async start(flags: readonly string[] = [], { clockOffMs = 0, database = this.database }: ClusterNodeOptions = {}): Promise<ClusterNode> {
    const args = ["serve", "--port", "0", "--database", database, "--allow-private-addresses", "--log-level", "error", ...flags];
    const process = new ServerProcess(args, { GENHOOK_SEALING_KEY: SEALING_KEY, ...shiftedClock(clockOffMs) });
    this.#processes.push(process);
    const origin = await process.listening();
    const name = (await this.names()).find((each) => !this.#names.has(each));
    if (name === undefined) throw new Error("the database does not know the process");
    this.#names.add(name);
    return { process, origin, name };
  }

  async endpoint(options: EndpointOptions = {}): Promise<Endpoint> {
    const endpoint = await startEndpoint(options);
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  /** A shop, and one more app that is installed on it. */
  async install(origin: string): Promise<Installed> {
    await call(origin, "PUT", `/platform/v1/shops/${SHOP}`, { plan: "advanced" });
    const { app } = await call<{ app: { clientId: string } }>(origin, "POST", "/platform/v1/apps", { name: "app" });
    const request = { clientId: app.clientId, shop: SHOP, scopes: ["read_orders", "write_apps"] };
    const { installation } = await call<{ installation: { accessToken: string } }>(origin, "POST", "/platform/v1/installations", request);
    return { clientId: app.clientId, token: installation.accessToken };
  }

  /** A webhook for orders at this address, with these settings; its id. */
  async subscribe(origin: string, { token }: Installed, address: string, settings: object = {}): Promise<number> {
    const body = { webhook: { topic: "orders/create", address, ...settings } };
    return (await call<{ webhook: { id: number } }>(origin, "POST", "/api/202412/app/webhooks", body, token)).webhook.id;
  }

  /** Of these paths of an endpoint, one whose shard the process owns. */
  async pathOwnedBy(node: ClusterNode, installed: Installed, url: string): Promise<string> {
    const owners = await this.owners();
    for (let n = 0; n < 1_000; n += 1) {
      const path = `${url}/hooks/${n}`;
      if (owners[this.shardOf(installed, path)] === node.name) return path;
    }
    throw new Error(`${node.name} owns nothing`);
  }

  shardOf({ clientId }: Installed, address: string): number {
    return shardOf(endpointOf((text) => createHash("sha256").update(text).digest("hex"), clientId, new URL(address)));
  }

  /** Who has each shard, by the database's own time. */
  owners(): Promise<readonly (string | null)[]> {
    return withClient(this.database, async (client) => {
      const { rows } = await client.query<{ owner: string | null }>(
        `SELECT CASE WHEN expires_at > extract(epoch FROM clock_timestamp()) * 1000 THEN owner END AS owner FROM shard_lease ORDER BY shard`,
      );
      return rows.map((row) => row.owner);
    });
  }

  names(): Promise<readonly string[]> {
    return withClient(this.database, async (client) =>
      (await client.query<{ name: string }>("SELECT name FROM node")).rows.map((row) => row.name),
    );
  }

  /** Resolves once each of these owns something and nobody else owns anything. */
  async shared(...nodes: readonly ClusterNode[]): Promise<void> {
    const names = new Set<string | null>(nodes.map((node) => node.name));
    for (;;) {
      const owners = new Set(await this.owners());
      if (owners.size === names.size && [...owners].every((owner) => names.has(owner))) return;
      await after(50);
    }
  }

  async close(): Promise<void> {
    for (const process of this.#processes) {
      process.kill("SIGCONT");
      process.kill("SIGKILL");
    }
    await Promise.all(this.#processes.map((process) => process.exited));
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()));
  }
}

/** Makes a process believe in another time of day. */
export function shiftedClock(offMs: number): Readonly<Record<string, string>> {
  if (offMs === 0) return {};
  const shift = `const now = Date.now.bind(Date); Date.now = () => now() + ${offMs};`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(shift)}` };
}

export function after(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
