import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ERRORS, ROUTES, type ErrorCode } from "@genhook/contract";
import { ApiError } from "@genhook/contract/client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiCommands } from "../src/commands/api-commands.ts";
import { NOUNS } from "../src/commands/nouns.ts";
import { optionsOf, type ApiOption } from "../src/commands/api-options.ts";
import { readOptions } from "../src/commands/read-options.ts";
import { EXIT_CODES, exitOf } from "../src/exit-codes.ts";
import { runCommand, ScriptedApi } from "./harness.ts";

describe("API commands", () => {
  it("there is one for every call of the App API and the platform API, and no name twice", () => {
    const commands = apiCommands();
    const operations = commands.flatMap(({ platform, app }) => [platform?.operation, app?.operation]).filter((each) => each !== undefined);
    expect(new Set(operations)).toEqual(
      new Set(ROUTES.filter((route) => route.api === "app" || route.api === "platform").map((route) => route.operation)),
    );
    expect(operations).toHaveLength(new Set(operations).size);
    for (const { noun, verb } of commands) expect(`${noun} ${verb}`).toMatch(/^[a-z_-]+ ([a-z-]+)?$/);
  });

  it("each noun says what it is about", () => {
    expect(
      apiCommands()
        .map(({ noun }) => noun)
        .filter((noun) => NOUNS[noun] === undefined),
    ).toEqual([]);
  });

  it.each(apiCommands().map(({ noun, verb }) => [`${noun} ${verb}`.trim()]))("genhook %s --help says what it takes", async (name) => {
    const { exit, out } = await runCommand([...name.split(" "), "--help"]);
    expect(exit).toBe(0);
    expect(out).toContain(`Usage: genhook ${name}`);
    expect(out).toContain("--url <origin>");
  });
});

describe("options", () => {
  const route = (operation: string): (typeof ROUTES)[number] => {
    const found = ROUTES.find((each) => each.operation === operation);
    return found ?? expect.fail(`no route ${operation}`);
  };
  const options: readonly ApiOption[] = optionsOf(route("createApp").body);

  it("follow from the schema", () => {
    expect(Object.fromEntries(options.map(({ flag, kind }) => [flag, kind.type]))).toMatchObject({
      name: "text",
      "api-version": "choice",
      webhooks: "entries",
      "compliance-webhooks": "members",
      listed: "switch",
      contact: "members",
      "client-id": "text",
    });
    expect(optionsOf(route("createInstallation").body).find(({ flag }) => flag === "scopes")?.kind.type).toBe("texts");
    expect(optionsOf(route("listDeliveries").query).find(({ flag }) => flag === "create-time-min")?.kind.type).toBe("time");
  });

  it("become members of the body", () => {
    expect(
      readOptions(
        options,
        {
          name: "A",
          webhooks: [
            "topic=orders/create,address=https://a.example/?x=1,2&y=topic",
            '[{"topic":"orders/paid","address":"https://b.example/"}]',
          ],
          complianceWebhooks: ["customers/redact=https://a.example/r", "shop/redact=https://a.example/s"],
          listed: true,
          contact: ['{"email":"a@b.example"}'],
        },
        0,
      ),
    ).toEqual({
      name: "A",
      webhooks: [
        { topic: "orders/create", address: "https://a.example/?x=1,2&y=topic" },
        { topic: "orders/paid", address: "https://b.example/" },
      ],
      complianceWebhooks: { "customers/redact": "https://a.example/r", "shop/redact": "https://a.example/s" },
      listed: true,
      contact: { email: "a@b.example" },
    });
    expect(() => readOptions(options, { contact: ["emial=a@b.example"] }, 0)).toThrow(/email, url/);
    expect(() => readOptions(options, { contact: ["{"] }, 0)).toThrow(/no JSON/);
  });

  it("know times that lie ahead, null, and files of JSON", () => {
    const ahead = optionsOf(route("createHold").body);
    expect(readOptions(ahead, { endsAt: "2h", scope: "all", reason: "r" }, 0)).toMatchObject({ endsAt: "1970-01-01T02:00:00.000Z" });
    expect(() => readOptions(ahead, { endsAt: "soon" }, 0)).toThrow(/from now/);
    const tester = optionsOf(route("testFilter").body);
    expect(readOptions(tester, { filter: "null", fields: ["null"] }, 0)).toEqual({ filter: null, fields: null });
    const file = join(mkdtempSync(join(tmpdir(), "genhook-json-")), "payload.json");
    writeFileSync(file, '{"n":12.00}');
    expect(JSON.stringify(readOptions(tester, { payload: `@${file}` }, 0))).toBe('{"payload":{"n":12.00}}');
    expect(() => readOptions(tester, { payload: "@/nowhere" }, 0)).toThrow(/--payload is no JSON/);
  });

  it("win over --body, which may come from standard input", async () => {
    const api = await new ScriptedApi()
      .on("POST /platform/v1/apps", ({ body }) => ({ status: 201, body: { app: JSON.parse(body) as unknown } }))
      .start();
    const args = ["apps", "create", "--url", api.origin, "--key", "k", "--body", "-", "--name", "B", "--json"];
    const { exit, out } = await runCommand(args, { input: '{"name":"A","listed":true}' });
    expect([exit, JSON.parse(out)]).toEqual([0, { app: { name: "B", listed: true } }]);
    for (const input of ["[]", "{", "5"]) expect((await runCommand(args, { input })).exit).toBe(2);
    await api.stop();
  });

  it("a body with one object in it is written without it, and a shop without its domain", async () => {
    const api = await new ScriptedApi().on("POST /api/202412/app/webhooks", { status: 201, body: { webhook: {} } }).start();
    await runCommand([
      "webhooks",
      "create",
      "--topic",
      "orders/create",
      "--address",
      "https://a.example/",
      "--url",
      api.origin,
      "--token",
      "t",
    ]);
    await runCommand(["deliveries", "list", "--shop", "linen", "--create-time-min", "1h", "--url", api.origin, "--key", "k"]);
    expect(JSON.parse(api.calls[0]?.body ?? "")).toEqual({ webhook: { topic: "orders/create", address: "https://a.example/" } });
    expect(api.calls[1]?.call).toBe(
      "GET /platform/v1/deliveries?shop=linen.genmystore.com&createTimeMin=2026-01-15T11%3A00%3A00.000Z&limit=50",
    );
    await api.stop();
  });
});

describe("what is meant", () => {
  const DELIVERY = "dlv_01a216bc28b971c59af03af4287a9665_8589934859";
  const EVENT = "01a216bc-28b9-71c5-9af0-3af4287a9665";
  let api = new ScriptedApi();
  const run = (...args: string[]): ReturnType<typeof runCommand> => runCommand([...args, "--url", api.origin, "--key", "k"]);
  beforeEach(async () => {
    api = await new ScriptedApi().start();
  });
  afterEach(() => api.stop());

  it.each([
    [["why", DELIVERY], `GET /platform/v1/events/${EVENT}/decisions`],
    [["events", "get", DELIVERY], `GET /platform/v1/events/${EVENT}`],
    [["deliveries", "get", DELIVERY], `GET /platform/v1/deliveries/${DELIVERY}`],
  ])("%s: a delivery's id stands for its event where an event is asked for", async (args, call) => {
    await run(...args);
    expect(api.calls.map((each) => each.call.replace(/\?.*/, ""))).toEqual([call]);
  });

  it("an event's id where a delivery is asked for is told from an unknown one", async () => {
    expect((await run("deliveries", "get", EVENT)).error).toContain(`genhook deliveries list --event-id ${EVENT}`);
    expect((await run("deliveries", "get", "dlv_x")).error).not.toContain("--event-id");
  });

  it("a hold of a shop names it without its domain, as everything does", async () => {
    const subjects = async (...args: string[]): Promise<unknown> => {
      await run("holds", "create", "--reason", "a drill", ...args);
      return (JSON.parse(api.calls.at(-1)?.body ?? "") as { subject: unknown }).subject;
    };
    expect(await subjects("--scope", "shop", "--subject", "linen")).toBe("linen.genmystore.com");
    expect(await subjects("--scope", "host", "--subject", "localhost")).toBe("localhost");
  });

  it("a webhook that an operator holds says so beside its status", async () => {
    const webhook = {
      id: 1,
      topic: "orders/create",
      status: "active",
      statusReason: null,
      address: "https://a.example/",
      updateTime: null,
    };
    const webhooks = [{ ...webhook, held: { reason: "INC-1", endsAt: null } }, webhook];
    api.on("GET /platform/v1/webhooks", { body: { webhooks } });
    expect((await run("webhooks", "list")).out.match(/active[\w, ]*?(?= {2})/g)).toEqual(["active, held", "active"]);
  });

  it.each([
    [["shops", "list", "--key", "k"], "GET /platform/v1/shops", "takes operators' calls at its other port"],
    [["webhooks", "get", "7", "--token", "t"], "GET /api/202412/app/webhooks/7", "takes apps' calls at its other port"],
  ])("%s at the port of the other side is told from what is not there", async (args, call, says) => {
    api.on(call, { status: 404, body: { error: "There is nothing at this path.", code: "not_found" } });
    expect((await runCommand([...args, "--url", api.origin])).error).toContain(says);
    api.on(call, { status: 404, body: { error: "There is no webhook with this id on this shop.", code: "not_found" } });
    expect((await runCommand([...args, "--url", api.origin])).error).not.toContain("port");
  });

  it("the events of a numbered webhook are a line each, and may be few at once", async () => {
    const event = { sequence: 2, id: EVENT, deliveryId: DELIVERY, state: "available", topic: "orders/paid", payload: { order: { id: 1 } } };
    const path = "GET /api/202412/app/webhooks/7/events";
    const read = (...args: string[]): ReturnType<typeof runCommand> =>
      runCommand(["webhooks", "events", "7", "--url", api.origin, "--token", "t", ...args]);
    api.on(`${path}?after=1&limit=1`, { body: { events: [event], last: 9 } }).on(`${path}?after=9`, { body: { events: [], last: 9 } });
    const some = await read("--after", "1", "--limit", "1");
    expect(some.out.split("\n")[1]).toMatch(new RegExp(`^ *2  available  orders/paid  ${EVENT} .*${DELIVERY}$`));
    expect(some.error).toBe("The last number is 9; what comes next: --after 2. Payloads: --json.\n");
    expect(await read("--after", "9")).toMatchObject({ out: "", error: "There is nothing behind this number; the last one is 9.\n" });
  });

  it("a port that fetch calls nowhere is not taken for a server that is away", async () => {
    const { exit, error } = await runCommand(["shops", "list", "--url", "http://127.0.0.1:6000", "--key", "k"]);
    expect([exit, error]).toEqual([5, expect.stringContaining("one of those that fetch calls nowhere")]);
  });
});

describe("lists", () => {
  it("follow pages up to the limit, or to the end with --all", async () => {
    const api = await new ScriptedApi()
      .on("GET /platform/v1/shops", ({ call }) => {
        const page = Number(/pageToken=(\d)/.exec(call)?.[1] ?? 0);
        const shops = [{ domain: `a${page}` }, { domain: `b${page}` }];
        return { body: { shops }, ...(page < 3 ? { headers: { Link: `<http://x/?pageToken=${page + 1}>; rel="next"` } } : {}) };
      })
      .start();
    const list = async (...args: string[]): Promise<number> => {
      const { out } = await runCommand(["shops", "list", "--json", "--url", api.origin, "--key", "k", ...args]);
      return (JSON.parse(out) as { shops: unknown[] }).shops.length;
    };
    expect([await list(), await list("--limit", "3"), await list("--limit", "300"), await list("--all")]).toEqual([8, 3, 8, 8]);
    for (const limit of ["0", "-1", "x", "1.5"]) {
      expect((await runCommand(["shops", "list", "--limit", limit, "--url", api.origin, "--key", "k"])).exit).toBe(2);
    }
    await api.stop();
  });
});

describe("exit codes", () => {
  it("are documented, each once", () => {
    const codes = Object.values(EXIT_CODES).map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
  });

  it("follow from the status of every error of the APIs", () => {
    const expected: Readonly<Record<number, string>> = {
      400: "usage",
      401: "notAllowed",
      403: "notAllowed",
      404: "notFound",
      405: "failed",
      408: "unavailable",
      409: "conflict",
      410: "conflict",
      413: "usage",
      415: "usage",
      422: "usage",
      429: "unavailable",
      500: "failed",
      503: "unavailable",
    };
    for (const [code, { status }] of Object.entries(ERRORS)) {
      expect([code, exitOf(new ApiError(code as ErrorCode, "", { status }))]).toEqual([code, expected[status] ?? "failed"]);
    }
    expect(exitOf(new ApiError("unreachable", ""))).toBe("unavailable");
    expect(exitOf(new ApiError("timed_out", ""))).toBe("unavailable");
    expect(exitOf(new ApiError("not_genhook", "", { status: 503 }))).toBe("failed");
  });
});
