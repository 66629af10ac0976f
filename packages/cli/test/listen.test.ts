import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryStore, type WebhookEvent } from "@genhook/receiver";
import { nodeReceiver } from "@genhook/receiver/node";
import { settingsFrom, startServer, type Genhook } from "@genhook/server";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { listenLocally, type LocalServer } from "../src/demo/local-server.ts";
import { addMissed, countMissed, cutMissed, removeMissed, showMissed, type Stretch } from "../src/listen/missed.ts";
import { payloadTexts } from "../src/listen/payload-texts.ts";
import { runCommand, type Output } from "./harness.ts";

const KEY = "test-platform-key-with-32-characters";
const SHOP = "linen.genmystore.com";
const ORDERS = ["orders/create", "orders/update"];

let folder = "";
let server: Genhook;
let app: { readonly clientId: string; readonly clientSecret: string; readonly signingSecret: string; readonly token: string };

async function startOn(port: string): Promise<void> {
  const streams = { out: () => undefined, error: () => undefined };
  const flags = { port, data: join(folder, "data"), "allow-private-addresses": true, "platform-key": KEY, "log-level": "silent" };
  server = await startServer(settingsFrom(flags, {}, streams), streams, (error) => {
    throw error;
  });
}

const genhook = (...args: readonly string[]): Promise<Output> =>
  runCommand([...args, "--url", server.origin], { environment: { HOME: folder } });

async function asOperator(...args: readonly string[]): Promise<Record<string, Record<string, string>>> {
  const { exit, out, error } = await genhook(...args, "--json", "--key", KEY);
  expect([exit, error]).toEqual([0, ""]);
  return JSON.parse(out) as Record<string, Record<string, string>>;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "genhook-listen-"));
  await startOn("0");
  await asOperator("shops", "create", "--domain", SHOP, "--plan", "advanced");
  const made = (await asOperator("apps", "create", "--name", "Stock sync"))["app"];
  const scopes = ["--scopes", "read_orders,write_apps"];
  const installed = await asOperator("installations", "create", "--client-id", made?.["clientId"] ?? "", "--shop", SHOP, ...scopes);
  app = {
    clientId: made?.["clientId"] ?? "",
    clientSecret: made?.["clientSecret"] ?? "",
    signingSecret: made?.["signingSecret"] ?? "",
    token: installed["installation"]?.["accessToken"] ?? "",
  };
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A listener, until it is told to stop. */
class Listener {
  readonly #aborter = new AbortController();
  readonly done: Promise<Output>;
  readonly #written = { out: "", error: "" };
  readonly #waiting: { readonly text: string; readonly resolve: () => void }[] = [];

  /** `environment`: of an app that is logged in; otherwise with the token for one shop. */
  constructor(args: readonly string[], environment: Readonly<Record<string, string>> | null = null) {
    const secrets = ["--client-secret", app.clientSecret, "--signing-secret", app.signingSecret];
    const token = environment === null ? ["--token", app.token] : [];
    this.done = runCommand(["listen", ...token, "--url", server.origin, ...secrets, ...args], {
      environment: environment ?? { HOME: folder },
      interrupts: this.#aborter.signal,
      onWrite: (stream, text) => {
        this.#written[stream] += text;
        for (const each of this.#waiting) if ((this.#written.out + this.#written.error).includes(each.text)) each.resolve();
      },
    });
  }

  /** Resolves when standard output or error says it. */
  says(text: string): Promise<void> {
    return new Promise((resolve) => {
      if ((this.#written.out + this.#written.error).includes(text)) resolve();
      else this.#waiting.push({ text, resolve });
    });
  }

  stop(): Promise<Output> {
    this.#aborter.abort(new Error("stopped"));
    return this.done;
  }
}

/** A local app that checks both signatures, drops duplicates, and tells when so many events were processed. */
class LocalApp {
  readonly events: WebhookEvent[] = [];
  readonly refused: string[] = [];
  #server: LocalServer | null = null;
  #onEvent: () => void = () => undefined;
  failures = 0;

  async start(): Promise<string> {
    const receiver = nodeReceiver({
      clientSecret: app.clientSecret,
      signingSecret: app.signingSecret,
      store: memoryStore(),
      onRefused: ({ reason }) => this.refused.push(reason),
      onError: () => undefined,
      onEvent: (event) => {
        if (this.failures > 0) {
          this.failures -= 1;
          throw new Error("failing on purpose");
        }
        this.events.push(event);
        this.#onEvent();
      },
    });
    this.#server = await listenLocally(createServer((request, response) => void receiver(request, response)));
    return `${this.#server.origin}/hooks`;
  }

  has(amount: number): Promise<void> {
    return new Promise((resolve) => {
      this.#onEvent = () => {
        if (this.events.length >= amount) resolve();
      };
      this.#onEvent();
    });
  }

  stop(): Promise<void> {
    return this.#server?.close() ?? Promise.resolve();
  }
}

const trigger = (topic: string, amount: number): Promise<Record<string, Record<string, string>>> =>
  asOperator("trigger", topic, "--shop", SHOP, "--count", String(amount), "--seed", "7");

async function webhooks(): Promise<number> {
  const { out } = await genhook("webhooks", "list", "--json", "--token", app.token);
  return (JSON.parse(out) as { webhooks: unknown[] }).webhooks.length;
}

describe("genhook listen", () => {
  it("forwards events in order, signed as in production, and leaves nothing behind", async () => {
    const local = new LocalApp();
    const listener = new Listener(["--forward", await local.start(), ...ORDERS.flatMap((topic) => ["--topic", topic])]);
    await listener.says("Listening at");
    await trigger("orders/create", 3);
    await local.has(3);
    await trigger("orders/update", 1);
    await local.has(4);
    const { exit, out, error } = await listener.stop();
    await local.stop();
    expect([exit, local.refused]).toEqual([0, []]);
    expect(local.events.map(({ topic, sequence, shopDomain, attempt }) => [topic, sequence, shopDomain, attempt])).toEqual([
      ["orders/create", 1, SHOP, 1],
      ["orders/create", 2, SHOP, 1],
      ["orders/create", 3, SHOP, 1],
      ["orders/update", 1, SHOP, 1],
    ]);
    expect(out.match(/ ✓ orders\/\w+ +200 in \d+ ms {2}#\d [0-9a-f-]{36}/g)).toHaveLength(4);
    expect(error).toContain("4 events.");
    expect(await webhooks()).toBe(0);
    expect(readdirSync(join(folder, ".local", "state", "genhook"))).toEqual([]);
  });

  it("loses nothing while the local server, Genhook or the listener itself is away", async () => {
    const local = new LocalApp();
    const address = await local.start();
    await local.stop();
    const flags = ["--forward", address, "--topic", "orders/create", "--keep"];
    const first = new Listener(flags);
    await first.says("Listening at");
    await trigger("orders/create", 2);
    // Nothing listens there: events wait.
    await first.says("Nothing answers at");
    const { port } = new URL(server.origin);
    await server.stop();
    expect((await first.stop()).exit).toBe(0);
    await startOn(port);
    await trigger("orders/create", 1);

    const again = new LocalApp();
    const second = new Listener(["--forward", await again.start(), ...flags.slice(2)]);
    await second.says("Goes on behind number 0");
    await again.has(3);
    await server.stop();
    await second.says("Trying on.");
    await startOn(port);
    await trigger("orders/create", 1);
    await again.has(4);
    expect((await second.stop()).error).toContain("is back; nothing was lost.");
    expect(again.events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(await webhooks()).toBe(1);

    // Without --keep the next one takes over where it stopped, and then cleans up.
    await trigger("orders/create", 1);
    const third = new Listener(["--topic", "orders/create", "--json"]);
    await third.says('"sequence":5');
    const { out } = await third.stop();
    await again.stop();
    expect(JSON.parse(out)).toMatchObject({ sequence: 5, topic: "orders/create", shop: SHOP, payload: { order: {} } });
    expect(await webhooks()).toBe(0);
  });

  it("sends an event again that was not taken, as often as it is told to; what was passed over is said, kept, and sent first the next time", async () => {
    const local = new LocalApp();
    local.failures = 2;
    const flags = ["--forward", await local.start(), "--topic", "orders/create"];
    const first = new Listener([...flags, "--attempts", "2"]);
    await first.says("Listening at");
    await trigger("orders/create", 2);
    await local.has(1);
    const { out, error } = await first.stop();
    expect(local.events.map(({ sequence, attempt }) => [sequence, attempt])).toEqual([[2, 1]]);
    expect(out.match(/✗ orders\/create +500 in \d+ ms \{"error":"The receiver failed; send it again\."/g)).toHaveLength(2);
    expect(error).toContain("Not taken, and passed over: it is kept");
    expect(error).toContain("2 events, 1 of them not taken.\n  orders/create: #1 not taken\nSo webhook ");
    expect(error).toMatch(/To give it up: genhook webhooks delete \d+/);
    expect(await webhooks()).toBe(1);

    await trigger("orders/create", 1);
    const second = new Listener(flags);
    await second.says("First comes what was not taken: 1 event.");
    await local.has(3);
    expect((await second.stop()).error).toContain("2 events.");
    await local.stop();
    expect(local.events.map(({ sequence }) => sequence)).toEqual([2, 1, 3]);
    expect(await webhooks()).toBe(0);
  });

  it("stopped between two attempts, or while nothing answers, it leaves nothing behind unsaid", async () => {
    const local = new LocalApp();
    local.failures = 1;
    const flags = ["--forward", await local.start(), "--topic", "orders/create"];
    const first = new Listener([...flags, "--attempts", "8"]);
    await first.says("Listening at");
    await trigger("orders/create", 1);
    await first.says("✗ orders/create");
    expect((await first.stop()).error).toContain("orders/create: #1 not taken");
    await local.stop();
    const second = new Listener(flags);
    await second.says("Nothing answers at");
    expect((await second.stop()).error).toContain("0 events.\n  orders/create: #1 not taken\n");
    // Whoever only wants to see it has seen it then.
    const third = new Listener(["--topic", "orders/create"]);
    await third.says("#1 ");
    expect((await third.stop()).error).toContain("1 event.");
    expect(await webhooks()).toBe(0);
  });

  it("needs no token of a shop where the app is logged in: the shop is named, or the only one", async () => {
    const own = { HOME: folder, GENHOOK_CLIENT_ID: app.clientId, GENHOOK_CLIENT_SECRET: app.clientSecret };
    const local = new LocalApp();
    const flags = ["--forward", await local.start(), "--topic", "orders/create"];
    const only = new Listener(flags, own);
    await only.says(`for orders/create of ${SHOP}, to `);
    await trigger("orders/create", 2);
    await local.has(2);
    expect((await only.stop()).error).toContain("2 events.");
    expect(local.events.map(({ shopDomain, sequence }) => [shopDomain, sequence])).toEqual([
      [SHOP, 1],
      [SHOP, 2],
    ]);
    await asOperator("shops", "create", "--domain", "silk");
    await asOperator("installations", "create", "--client-id", app.clientId, "--shop", "silk", "--scopes", "read_orders");
    const either = await new Listener(flags, own).done;
    expect(either).toMatchObject({
      exit: 2,
      error: expect.stringContaining("It is on linen.genmystore.com, silk.genmystore.com.") as string,
    });
    const neither = await new Listener([...flags, "--shop", "wool"], own).done;
    expect(neither).toMatchObject({ exit: 3, error: expect.stringContaining("The app is not on wool.genmystore.com.") as string });
    const silk = new Listener(["--shop", "silk"], own);
    await silk.says("for 7 topics of silk.genmystore.com.");
    expect((await silk.stop()).exit).toBe(0);
    const token = await new Listener(["--shop", "silk"]).done;
    expect(token).toMatchObject({ exit: 2, error: expect.stringContaining("An access token is for its one shop") as string });
    await local.stop();
    expect(await webhooks()).toBe(0);
  });

  it("listens for all topics that the token's scopes allow", async () => {
    const listener = new Listener([]);
    await listener.says("Listening at");
    expect(await webhooks()).toBe(7);
    const { exit, error } = await listener.stop();
    expect([exit, error]).toEqual([0, expect.stringContaining("for 7 topics.") as string]);
    expect(await webhooks()).toBe(0);
  });

  test.each([
    [["--topic", "orders/creat"], 2, "Did you mean orders/create"],
    [["--forward", "ftp://localhost"], 2, "--forward must be an address"],
    [["--forward", "http://user:word@localhost:3000"], 2, "no user and no fragment"],
    [["--forward", ":3000", "--attempts", "9"], 2, "--attempts must be a whole number from 1 to 8"],
    [["--topic", "products/create"], 4, "scope"],
  ])("refuses %j", async (args, exit, message) => {
    const listener = new Listener(args);
    expect(await listener.stop()).toMatchObject({ exit, error: expect.stringContaining(message) as string });
    expect(await webhooks()).toBe(0);
  });

  it("needs a token, and secrets where it forwards", async () => {
    expect(await genhook("listen")).toMatchObject({ exit: 4, error: expect.stringContaining("access token for one shop") as string });
    const unsigned = await genhook("listen", "--token", app.token, "--forward", ":3000");
    expect(unsigned).toMatchObject({ exit: 2, error: expect.stringContaining("is signed with the app's secrets") as string });
  });
});

test("payloads keep every byte: numbers, spaces, escapes, and what looks like a payload inside one", () => {
  const payloads = [
    String.raw`{ "a" : 12.00, "payload": {"b":"\"payload\":1}"}, "c":[9007199254740993] }`,
    "{}",
    '{"t":"grüße 🎉 \\u00fc"}',
  ];
  const events = payloads.map((payload, index) => `{"sequence":${index + 1},"state":"available","note":"payload","payload":${payload}}`);
  events.splice(1, 0, '{"sequence":9,"state":"cancelled","reason":"payload"}');
  expect(payloadTexts(`{"events":[${events.join(",")}],"last":9}`)).toEqual(payloads);
  expect(payloadTexts('{"events":[],"last":0}')).toEqual([]);
});

test("what was not taken is kept as stretches, whose number is bounded: none is left out, whatever comes", () => {
  const none: readonly Stretch[] = [];
  const some = [3, 4, 5, 9].reduce(addMissed, none);
  expect([some, showMissed(some), countMissed(some)]).toEqual([
    [
      { from: 3, to: 5 },
      { from: 9, to: 9 },
    ],
    "#3 to #5, #9",
    4,
  ]);
  expect(addMissed(some, 4)).toEqual(some);
  expect([4, 9].reduce(removeMissed, some)).toEqual([
    { from: 3, to: 3 },
    { from: 5, to: 5 },
  ]);
  expect(removeMissed(some, 7)).toEqual(some);
  expect(cutMissed(some, 5)).toEqual([
    { from: 5, to: 5 },
    { from: 9, to: 9 },
  ]);
  const odd = Array.from({ length: 2_000 }, (_, n) => 2 * n + 1);
  const bounded = odd.reduce(addMissed, none);
  expect(bounded.length).toBeLessThan(1_000);
  for (const number of odd) expect(bounded.some(({ from, to }) => from <= number && number <= to)).toBe(true);
  expect(showMissed(bounded)).toMatch(/^#1, #3, #5, #7, #9, #11 and [\d,]+ more$/);
});
