import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runCommand, ScriptedApi, type Call, type Output } from "./harness.ts";

const P = "/platform/v1";
let api: ScriptedApi;
let folder = "";

beforeEach(async () => {
  api = await new ScriptedApi().start();
  folder = mkdtempSync(join(tmpdir(), "genhook-many-"));
});
afterEach(async () => {
  await api.stop();
  rmSync(folder, { recursive: true, force: true });
});

const genhook = (args: readonly string[], options: Parameters<typeof runCommand>[1] = {}): Promise<Output> =>
  runCommand([...args, "--url", api.origin, "--key", "k"], options);

interface Envelope {
  readonly idempotencyKey: string;
  readonly topic?: string;
}

/** Takes NDJSON as the server does; refuses lines that are no JSON. */
const taking = ({ body }: Call): { status: number; body: unknown } => ({
  status: 202,
  body: {
    events: body
      .trim()
      .split("\n")
      .map((line, index) => {
        try {
          JSON.parse(line);
          return { id: String(index), deliveries: 1, duplicate: false };
        } catch {
          return { error: "no JSON", code: "malformed_json" };
        }
      }),
  },
});

describe("events import", () => {
  const file = (content: string): string => {
    const path = join(folder, "events.ndjson");
    writeFileSync(path, content);
    return path;
  };
  const lines = (): string[] => api.calls.flatMap(({ body }) => body.trim().split("\n"));

  it("gives each line a key of its own that is the same at every run, and leaves the payload's bytes alone", async () => {
    api.on(`POST ${P}/events`, taking);
    const path = file(
      '{"topic":"orders/create","payload":{"n":1.50}}\n\n{"topic":"orders/create","payload":{"n":1.50}}\r\n{"idempotencyKey":"own","payload":{}}\n{ }\n',
    );
    const first = await genhook(["events", "import", path]);
    expect(first).toMatchObject({ exit: 0, out: expect.stringMatching(/^4 events accepted/) as string });
    const sent = lines();
    await genhook(["events", "import", path]);
    expect(lines().slice(sent.length)).toEqual(sent);
    const keys = sent.map((line) => (JSON.parse(line) as Envelope).idempotencyKey);
    expect(new Set(keys).size).toBe(4);
    expect(keys[2]).toBe("own");
    expect(sent[0]).toContain('"payload":{"n":1.50}');
  });

  it("says which lines were refused, by their number in the file", async () => {
    api.on(`POST ${P}/events`, taking);
    const { exit, error } = await genhook(["events", "import", file('{"a":1}\n\n{broken\n{"b":1}\n')]);
    expect([exit, error]).toEqual([1, expect.stringContaining("line 3: malformed_json: no JSON") as string]);
  });

  it.each([{}, { events: [] }, { events: [{}, {}] }])("does not take %j for an answer to two events", async (body) => {
    api.on(`POST ${P}/events`, () => ({ status: 202, body }));
    const { exit, out, error } = await genhook(["events", "import", file('{"a":1}\n{"b":1}\n'), "--json"]);
    expect([exit, JSON.parse(out), JSON.parse(error)]).toMatchObject([1, { lines: 0, accepted: 0 }, { code: "not_genhook" }]);
  });

  it("sends again what the server was too busy for, and nothing else, under the same keys", async () => {
    let requests = 0;
    api.on(`POST ${P}/events`, ({ body }) => {
      requests += 1;
      const isBusy = (line: string): boolean => requests < 3 && line.includes('"n":2');
      const items = body
        .trim()
        .split("\n")
        .map((line) =>
          isBusy(line) ? { error: "busy", code: requests === 1 ? "overloaded" : "internal_error" } : { id: "e", deliveries: 1 },
        );
      return { status: 202, body: { events: items } };
    });
    const { exit, out } = await genhook(["events", "import", file('{"n":1}\n{"n":2}\n{"n":3}\n'), "--json"]);
    expect([exit, JSON.parse(out)]).toMatchObject([0, { lines: 3, accepted: 3, refused: 0 }]);
    const [first, ...others] = api.calls.map(({ body }) => body.trim().split("\n"));
    expect(others).toEqual([[first?.[1]], [first?.[1]]]);
  });

  it("goes on in requests of at most 500 lines", async () => {
    api.on(`POST ${P}/events`, taking);
    await genhook(["events", "import", file(Array.from({ length: 1_201 }, (_, n) => `{"n":${n}}`).join("\n"))]);
    expect(api.calls.map(({ body }) => body.trim().split("\n").length)).toEqual([500, 500, 201]);
  });

  it("a file that cannot be read is said to be so", async () => {
    expect(await genhook(["events", "import", join(folder, "missing")])).toMatchObject({
      exit: 2,
      error: expect.stringContaining("missing") as string,
    });
  });
});

describe("replay of many", () => {
  const delivery = (n: number): Record<string, unknown> => ({
    id: `dlv_${n}`,
    topic: "orders/create",
    address: "https://a.example/",
    state: "dead",
    reason: "gone",
  });
  const job = (change: Record<string, unknown>): Record<string, unknown> => ({
    replay: { id: "job-1", state: "running", dryRun: false, matched: 2_400, counted: true, done: 0, reopened: 0, ...change },
  });
  const pagesOf = (total: number): void => {
    api.on(`GET ${P}/deliveries`, ({ call }) => {
      const from = Number(/pageToken=(\d+)/.exec(call)?.[1] ?? 0);
      const to = Math.min(total, from + 250);
      const deliveries = Array.from({ length: to - from }, (_, index) => delivery(from + index));
      return { body: { deliveries }, ...(to < total ? { headers: { Link: `<http://x/?pageToken=${to}>; rel="next"` } } : {}) };
    });
  };

  it("up to 2,000 are replayed from here, and what happened to them meanwhile is told", async () => {
    pagesOf(3);
    api.on(`POST ${P}/deliveries/dlv_0/replay`, { status: 202, body: { delivery: {} } });
    api.on(`POST ${P}/deliveries/dlv_1/replay`, { status: 409, body: { error: "pending", code: "delivery_pending", member: "state" } });
    api.on(`POST ${P}/deliveries/dlv_2/replay`, { status: 410, body: { error: "it was deleted", code: "replay_refused" } });
    const { exit, out } = await genhook(["replay", "--state", "dead", "--yes", "--json"]);
    expect([exit, JSON.parse(out)]).toEqual([0, { matched: 3, replayed: 1, passedBy: 1, refused: { "it was deleted": 1 } }]);
  });

  it("what can never be sent again is told, and not promised", async () => {
    const reasons = ["gone", "available", "redacted", "gone", "uninstalled"];
    api.on(`GET ${P}/deliveries`, () => ({ body: { deliveries: reasons.map((reason, n) => ({ ...delivery(n), reason })) } }));
    const { exit, out, error } = await genhook(["replay", "--state", "cancelled", "--dry-run"]);
    expect([exit, out, error]).toEqual([
      0,
      expect.stringContaining("2 deliveries match") as string,
      expect.stringContaining("3 more cannot be sent again") as string,
    ]);
    expect((await genhook(["replay", "--state", "cancelled", "--dry-run", "--limit", "1"])).out).toContain("1 delivery matches");
  });

  it("more are the server's work: counted by a dry run, then watched", async () => {
    pagesOf(2_400);
    api.on(`POST ${P}/replays`, ({ body }) => ({
      status: 202,
      body: (JSON.parse(body) as { dryRun?: boolean }).dryRun === true ? job({ state: "done" }) : job({}),
    }));
    let looks = 0;
    api.on(`GET ${P}/replays/job-1`, () => {
      looks += 1;
      return { body: looks < 2 ? job({ done: 1_200, reopened: 1_200 }) : job({ state: "done", done: 2_400, reopened: 2_399 }) };
    });
    const { exit, out } = await genhook(["replay", "--state", "dead", "--shop", "linen", "--rate", "100", "--yes"]);
    expect(exit).toBe(0);
    expect(out).toContain("of the newest 2,000:");
    expect(out).toContain("2,400 deliveries match");
    expect(out).toContain("2,399 deliveries sent again; replay job-1 is done");
    const bodies = api.calls.filter(({ call }) => call.startsWith("POST")).map(({ body }) => JSON.parse(body) as unknown);
    const filter = { shop: "linen.genmystore.com", state: "dead" };
    expect(bodies).toEqual([
      { filter, dryRun: true },
      { filter, ratePerSecond: 100 },
    ]);
  });

  it("Ctrl+C ends the watching, not the job", async () => {
    pagesOf(2_400);
    const stop = new AbortController();
    api.on(`POST ${P}/replays`, ({ body }) => ({
      status: 202,
      body: (JSON.parse(body) as { dryRun?: boolean }).dryRun === true ? job({ state: "done" }) : job({}),
    }));
    api.on(`GET ${P}/replays/job-1`, () => {
      stop.abort();
      return { body: job({ done: 10, reopened: 10 }) };
    });
    const { exit, error } = await genhook(["replay", "--state", "dead", "--yes"], { interrupts: stop.signal });
    expect([exit, error]).toEqual([130, expect.stringContaining("genhook replays cancel job-1") as string]);
  });

  it("a limit keeps it here", async () => {
    pagesOf(2_400);
    const { exit, out } = await genhook(["replay", "--state", "dead", "--limit", "300", "--dry-run", "--json"]);
    expect([exit, JSON.parse(out)]).toMatchObject([0, { matched: 300, groups: [{ reason: "gone", count: 300 }] }]);
  });

  it.each([
    [["replay"], "Say which deliveries"],
    [["replay", "dlv_1", "--shop", "linen"], "not both"],
    [["replay", "--state", "dead", "--rate", "fast"], "--rate"],
    [["replay", "--state", "dead", "--since", "once"], "--since"],
  ])("%j is refused", async (args, says) => {
    expect(await genhook(args)).toMatchObject({ exit: 2, error: expect.stringContaining(says) as string });
  });
});

describe("tail", () => {
  it("lives through a server that is away, tells what changed, and says how to go on", async () => {
    const entry = {
      id: "dlv_1",
      eventId: "e",
      topic: "orders/create",
      address: "https://a.example/",
      round: 1,
      updateTime: "2026-01-15T11:59:59.000Z",
    };
    const pending = {
      ...entry,
      state: "pending",
      attemptCount: 1,
      lastStatus: 500,
      lastError: null,
      reason: null,
      nextAttemptAt: "2026-01-15T12:00:10.000Z",
    };
    const stop = new AbortController();
    let looks = 0;
    api.on(`GET ${P}/deliveries`, () => {
      looks += 1;
      if (looks === 2) return { status: 500, body: { error: "ouch", code: "internal_error" } };
      if (looks === 4) stop.abort();
      return {
        body: {
          deliveries: [looks < 3 ? pending : { ...pending, state: "delivered", attemptCount: 2, lastStatus: 200, nextAttemptAt: null }],
        },
      };
    });
    const { exit, out, error } = await genhook(["tail", "--webhook", "5", "--interval", "1s"], {
      isTty: true,
      width: 200,
      interrupts: stop.signal,
    });
    expect(exit).toBe(0);
    expect(out.split("\n").map((line) => line.replaceAll(/\d\d:\d\d:\d\d /g, ""))).toEqual([
      "↻ orders/create    500, next in 10 s  dlv_1  → https://a.example/",
      "✓ orders/create    200 try 2  dlv_1  → https://a.example/",
      "",
    ]);
    expect(error).toContain("ouch Trying on.");
    expect(error).toContain("is back");
    expect(error).toContain("genhook tail --since");
  });

  it("of what fails shows attempts that are made again, at the endpoints that failed since the last look, and what came through later", async () => {
    const at = (second: number): string => `2026-01-15T11:59:0${second}.000Z`;
    const entry = (id: string, state: string, attemptCount: number, lastStatus: number | null) => ({
      id,
      eventId: "e",
      topic: "orders/create",
      address: "https://a.example/",
      round: 1,
      updateTime: at(attemptCount),
      state,
      attemptCount,
      lastStatus,
      lastError: null,
      reason: null,
      nextAttemptAt: null,
    });
    const endpoint = { id: "ep_1", address: "https://a.example/", lastFailureAt: at(1), lastStatus: 500, lastError: null, breaker: "open" };
    const healthy = { ...endpoint, id: "ep_2", lastFailureAt: null };
    const stop = new AbortController();
    let looks = 0;
    api.on(`GET ${P}/endpoints`, () => {
      looks += 1;
      if (looks === 4) stop.abort();
      // Fails at the first look, and again at the third.
      return { body: { endpoints: [healthy, { ...endpoint, lastFailureAt: at(looks < 3 ? 1 : 3) }] } };
    });
    const waiting = Array.from({ length: 250 }, (_, n) => entry(`dlv_waits_${n}`, "pending", 0, null));
    api.on(`GET ${P}/deliveries`, ({ call }) => {
      if (call.includes("state=dead")) return { body: { deliveries: [entry("dlv_dead", "dead", 8, 503)] } };
      expect(call).toContain("endpointId=ep_1");
      if (looks > 1) return { body: { deliveries: waiting } };
      const fine = entry("dlv_fine", "delivered", 1, 200);
      return {
        body: {
          deliveries: [waiting[0], entry("dlv_again", "pending", 1, 500), entry("dlv_through", "delivered", 2, 200), fine],
        },
      };
    });
    const { exit, out } = await genhook(["tail", "--failed", "--interval", "1s"], { isTty: true, width: 50, interrupts: stop.signal });
    expect(exit).toBe(0);
    expect(out.split("\n").map((line) => line.replaceAll(/\d\d:\d\d:\d\d /g, ""))).toEqual([
      "↻ orders/create    500  dlv_again",
      "✓ orders/create    200 try 2  dlv_through",
      "✗ orders/create    dead, 503 try 8  dlv_dead",
      "✗ https://a.example/ 500, breaker open; much waits  ep_1",
      "",
    ]);
  });

  it("ends when it was never right", async () => {
    api.on(`GET ${P}/deliveries`, { status: 401, body: { error: "no", code: "token_invalid" } });
    expect((await genhook(["tail"])).exit).toBe(4);
  });
});

describe("trigger of many", () => {
  it("is refused where it is meant wrongly", async () => {
    for (const args of [
      ["--count", "0"],
      ["--count", "x"],
      ["--rate", "0"],
      ["--seed", "-1"],
    ]) {
      expect((await genhook(["trigger", "orders/create", "--shop", "a", ...args])).exit).toBe(2);
    }
  });

  it.each([{}, { events: [] }, { events: [{}, {}] }])("does not take %j for an answer to two events", async (body) => {
    api.on(`POST ${P}/events`, () => ({ status: 202, body }));
    const { exit, out, error } = await genhook(["trigger", "orders/create", "--shop", "a", "--count", "2", "--json"]);
    expect([exit, JSON.parse(out), JSON.parse(error)]).toMatchObject([1, { accepted: 0 }, { code: "not_genhook" }]);
  });

  it("goes on after 503 without publishing anything twice", async () => {
    let calls = 0;
    api.on(`POST ${P}/events`, (call) => {
      calls += 1;
      return calls === 1 ? { status: 503, body: { error: "busy", code: "overloaded" }, headers: { "Retry-After": "0" } } : taking(call);
    });
    const { exit, out } = await genhook(["trigger", "orders/create", "--shop", "a", "--count", "3", "--json"]);
    expect([exit, JSON.parse(out)]).toMatchObject([0, { accepted: 3, deliveries: 3 }]);
    expect(api.calls[0]?.body).toBe(api.calls[1]?.body);
  });
});
