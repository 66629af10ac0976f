import type { Route } from "@genhook/contract";
import type { Endpoint } from "@genhook/testkit";
import { ORDER, type Harness, type Installed } from "../harness.ts";

/** Each shop has a bucket of its own, so that few calls meet an empty one. */
export const OWNERS = 12;
/** What calls make joins the pool, but not without end. */
const KEPT_MAX = 60;
const shopOf = (owner: number): string => `shop-${owner}.genmystore.com`;

/** What stands in a path: of `/webhooks/:id` webhooks, otherwise what the parameter is called. */
export function kindOf(path: string, parameter: string): string {
  if (parameter !== "id") return parameter;
  const before = path.split("/:id")[0] ?? "";
  return before.slice(before.lastIndexOf("/") + 1);
}

/** Members of bodies and queries, with the kinds that they name. */
const MEMBERS: Readonly<Record<string, string>> = {
  shop: "shop",
  domain: "shop",
  clientId: "clientId",
  webhookId: "webhooks",
  endpointId: "endpoints",
  eventId: "events",
  deliveryId: "deliveries",
};

/** What there is in a store that calls can name: one app on one shop for each owner, with something of every kind. */
export class RoutePool {
  readonly installed: Installed[] = [];
  /** Of app-wide access. */
  readonly wide: string[] = [];
  /** An app that no call knows of. Its token is used before it comes to guesses from this address: those shut out only what is new. */
  untouched: Installed | null = null;
  readonly #h: Harness;
  readonly #owned: Record<string, unknown[][]> = {};

  private constructor(h: Harness) {
    this.#h = h;
  }

  static async open(h: Harness): Promise<RoutePool> {
    const pool = new RoutePool(h);
    const endpoint = await h.endpoint({ answer: ({ path }) => (path.includes("bad") ? 500 : 200) });
    pool.untouched = await h.install({ name: "untouched" }, "untouched.genmystore.com");
    await h.subscribe(pool.untouched, "products/create", `${endpoint.url}/untouched`);
    for (let owner = 0; owner < OWNERS; owner += 1) await pool.#fillOwner(owner, endpoint);
    return pool;
  }

  /** Of one owner, or of all. */
  of(kind: string, owner: number | null = null): readonly unknown[] {
    const owned = this.#owned[kind] ?? [];
    return owner === null ? owned.flat() : (owned[owner] ?? []);
  }

  /** By the names of members, as they stand in bodies and queries. */
  get members(): Readonly<Record<string, readonly unknown[]>> {
    const named = Object.entries(MEMBERS).map(([member, kind]): [string, readonly unknown[]] => [member, this.of(kind)]);
    return {
      ...Object.fromEntries(named),
      address: this.of("address"),
      topic: ["orders/create", "orders/update", "customers/redact"],
      filter: ["order.totalPrice:>100", "order.id:*"],
      orderKey: ["a key"],
    };
  }

  /** Something that a call has made. */
  add(kind: string, owner: number, ...values: readonly unknown[]): void {
    const owned = ((this.#owned[kind] ??= [])[owner] ??= []);
    for (const value of values) if (owned.length < KEPT_MAX) owned.push(value);
  }

  /** Takes in what a call's answer says that it has made. */
  learn(route: Route, owner: number, body: unknown): void {
    if (route.method !== "POST" || route.path.includes(":id") || typeof body !== "object" || body === null) return;
    const kind = route.path.split("/").at(-1) ?? "";
    for (const entry of [body, ...Object.values(body)]) {
      const id: unknown = typeof entry === "object" && entry !== null && "id" in entry ? entry.id : undefined;
      if (id !== undefined && this.#owned[kind] !== undefined) this.add(kind, owner, id);
    }
  }

  async #fillOwner(owner: number, endpoint: Endpoint): Promise<void> {
    const h = this.#h;
    const shop = shopOf(owner);
    const installed = await h.install({}, shop);
    const key = await h.signIn(installed);
    this.installed.push(installed);
    this.wide.push(key);
    this.add("shop", owner, shop);
    this.add("domain", owner, shop);
    this.add("clientId", owner, installed.clientId);
    this.add("version", owner, "202412", "202410");
    this.add("address", owner, `${endpoint.url}/${owner}`, `${endpoint.url}/${owner}/more`);
    const ordered = { topic: "orders/create", address: `${endpoint.url}/${owner}/bad`, ordered: true };
    const pulled = { topic: "orders/create", mode: "pull" };
    this.add("webhooks", owner, await h.subscribe(installed, "orders/create", `${endpoint.url}/${owner}`));
    for (const webhook of [ordered, pulled]) {
      this.add("webhooks", owner, await this.#made("/api/202412/app/webhooks", { webhook }, { token: installed.token }));
    }
    for (const orderKey of ["first", "second"]) {
      const id = await this.#made("/platform/v1/events", { shop, topic: "orders/create", orderKey, payload: ORDER });
      this.add("events", owner, id);
      const shown = await h.call("GET", `/platform/v1/events/${String(id)}`);
      this.add("deliveries", owner, ...(shown.body.event.deliveries as { id: string }[]).map((each) => each.id));
    }
    const { clientId } = installed;
    for (const wide of [{}, { key }]) {
      const path = wide.key === undefined ? "/platform/v1/replays" : "/apps/v1/replays";
      this.add("replays", owner, await this.#made(path, { filter: { clientId }, dryRun: true }, wide));
    }
    this.add(
      "holds",
      owner,
      await this.#made("/platform/v1/holds", { scope: "host", subject: `host-${owner}.example.com`, reason: "tried" }),
    );
    this.add("keys", owner, await this.#made("/platform/v1/keys", { name: `key ${owner}`, role: "read" }));
    this.add("portal-links", owner, await this.#made("/platform/v1/portal-links", { clientId, can: ["read"], minutes: 5 }));
    const { endpoints } = (await h.call("GET", `/platform/v1/endpoints?clientId=${clientId}`)).body as { endpoints: { id: string }[] };
    this.add("endpoints", owner, ...endpoints.map((each) => each.id));
  }

  async #made(path: string, body: unknown, options: { readonly key?: string; readonly token?: string } = {}): Promise<unknown> {
    const answer = await this.#h.call("POST", path, body, options);
    const entries = [answer.body, ...Object.values(answer.body as object)] as { id?: unknown }[];
    const id = entries.find((entry) => entry?.id !== undefined)?.id;
    if (answer.status >= 300 || id === undefined) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return id;
  }
}
