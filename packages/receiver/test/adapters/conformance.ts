import { connect } from "node:net";
import { beforeEach, expect, test } from "vitest";
import { memoryStore, type ReceiverError, type ReceiverOptions, type WebhookEvent } from "../../src/index.ts";
import { BODY, CLIENT, delivery, SIGNING } from "../fixtures.ts";

/** What a scenario is told about by the receiver under test. */
export interface Told {
  readonly events: WebhookEvent[];
  readonly refused: ReceiverError[];
  readonly errors: unknown[];
}

export interface AdapterCase {
  /** Where the receiver listens; a real server of the real framework, or null for handlers that are called. */
  readonly send: (request: Request) => Promise<Response>;
  /** `host:port` where there is a connection to play with. */
  readonly port?: () => number;
  /** Whether the framework refuses other methods itself. */
  readonly routesByMethod?: boolean;
  /** Whether the framework refuses large bodies itself, before the receiver sees them. */
  readonly limitsBodies?: boolean;
}

const LIMIT = 2_000;
const FAILING = "loyalty/failing";
const ADDRESS = "http://receiver.invalid/webhooks";

export const told: Told = { events: [], refused: [], errors: [] };

/** Options that every adapter is tried with: bodies up to 2,000 bytes, one topic whose work fails. */
export function testedOptions(): ReceiverOptions {
  return {
    signingSecret: SIGNING,
    clientSecret: CLIENT,
    bodyBytesMax: LIMIT,
    store: memoryStore(),
    onEvent: async (event) => {
      await Promise.resolve();
      if ((event.topic as string) === FAILING) throw new Error("the database is down");
      told.events.push(event);
    },
    onRefused: (error) => told.refused.push(error),
    onError: (error) => told.errors.push(error),
  };
}

export async function postOf(more: Parameters<typeof delivery>[0] = {}, body?: BodyInit): Promise<Request> {
  const signed = await delivery(more);
  return new Request(ADDRESS, {
    method: "POST",
    headers: signed.headers,
    body: body ?? new Uint8Array(signed.body),
    duplex: "half",
  } as RequestInit);
}

/** What every adapter promises. */
export function describeAdapter(adapter: AdapterCase): void {
  beforeEach(() => {
    told.events.length = 0;
    told.refused.length = 0;
    told.errors.length = 0;
  });

  test("200 for what is genuine, with every byte of the body; once per delivery", async () => {
    const body = '{"order": {"id":1,  "note":"ümlaut 🎉 \\u00e9"}}';
    const request = await postOf({ body });
    const again = request.clone();
    expect((await adapter.send(request)).status).toBe(200);
    expect(told.events.map((event) => event.payload)).toEqual([JSON.parse(body)]);
    expect((await adapter.send(again)).status).toBe(200);
    expect(told.events).toHaveLength(1);
  });

  test("401 for a forged body, and the sender's log gets to see why", async () => {
    const answer = await adapter.send(await postOf({}, `${BODY} `));
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: "signature_mismatch", error: expect.any(String) as string });
    expect(told.refused.map(({ reason }) => reason)).toEqual(["signature_mismatch"]);
    expect(told.events).toEqual([]);
  });

  test("400 for what is genuine and no JSON", async () => {
    const answer = await adapter.send(await postOf({ body: "{no json" }));
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([400, "body_malformed"]);
  });

  test("413 for a body over the limit, declared or streamed; one at the limit is taken", async () => {
    const fits = `{"a":"${"x".repeat(LIMIT - 8)}"}`;
    expect((await adapter.send(await postOf({ body: fits }))).status).toBe(200);
    expect((await adapter.send(await postOf({ body: `${fits} ` }))).status).toBe(413);
    for (const chunks of [3, 5_000]) {
      let left = chunks;
      const streamed = new ReadableStream<Uint8Array>({
        pull: (stream) => ((left -= 1) < 0 ? stream.close() : stream.enqueue(new Uint8Array(1_000).fill(0x20))),
      });
      expect((await adapter.send(await postOf({}, streamed))).status).toBe(413);
    }
    if (adapter.limitsBodies !== true) expect(new Set(told.refused.map(({ reason }) => reason))).toEqual(new Set(["body_too_large"]));
    expect((await adapter.send(await postOf())).status).toBe(200);
  });

  test("500 when the work fails, without telling the outside what failed; the next attempt works on it again", async () => {
    const request = await postOf({ topic: FAILING });
    const again = request.clone();
    const answer = await adapter.send(request);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("database");
    expect((await adapter.send(again)).status).toBe(500);
    expect(told.errors.map(String)).toEqual(["Error: the database is down", "Error: the database is down"]);
  });

  if (adapter.routesByMethod !== true) {
    test("405 for other methods", async () => {
      const answer = await adapter.send(new Request(ADDRESS));
      expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
    });
  }

  const { port } = adapter;
  if (port !== undefined) {
    test("a connection that breaks in the middle of the body costs nothing but itself", async () => {
      await new Promise<void>((resolve) => {
        const socket = connect(port(), "127.0.0.1", () => {
          socket.write(`POST /webhooks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"half":`);
          setImmediate(() => socket.resetAndDestroy());
        });
        socket.on("close", () => resolve());
        socket.on("error", () => undefined);
      });
      expect((await adapter.send(await postOf())).status).toBe(200);
      expect(told.events).toHaveLength(1);
    });
  }
}
