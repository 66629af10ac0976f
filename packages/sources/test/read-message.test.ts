import { describe, expect, it } from "vitest";
import { readMessage, type BrokerMessage } from "../src/brokers/read-message.ts";
import { readRoutePattern } from "../src/brokers/route-pattern.ts";

describe("a pattern of subjects or routing keys", () => {
  it.each([
    ["events.{shop}.{topic}", "events.linen.orders.create", "linen.genmystore.com", "orders/create"],
    ["events.{shop}.{topic}", "events.Linen.orders/create", "linen.genmystore.com", "orders/create"],
    ["{topic}.{shop}", "orders.create.linen", "linen.genmystore.com", "orders/create"],
    ["eu-1.*.{shop}.{topic}", "eu-1.anything.linen.orders.paid", "linen.genmystore.com", "orders/paid"],
    ["{topic}.#", "orders.create.v2.eu", null, "orders/create"],
    ["{shop}.>", "linen.more", "linen.genmystore.com", null],
  ])("%s reads %s", (pattern, route, shop, topic) => {
    expect(readRoutePattern(pattern)(route)).toEqual({ shop, topic });
  });

  it.each([
    ["events.{shop}.{topic}", "event.linen.orders.create"],
    ["events.{shop}.{topic}", "events.linen.orders"],
    ["events.{shop}.{topic}", "events.linen.orders.create.v2"],
    ["a+b.{shop}", "aab.linen"],
    ["{shop}.#", "linen"],
  ])("%s does not fit %s", (pattern, route) => {
    expect(readRoutePattern(pattern)(route)).toBeNull();
  });

  it.each(["", "a..b", "{shpo}", "x{shop}", "{shop}.{shop}", "#.{topic}", "a.>.b"])("there is no pattern %j", (pattern) => {
    expect(() => readRoutePattern(pattern)).toThrow(TypeError);
  });
});

const message = (
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  more: Partial<BrokerMessage> = {},
): BrokerMessage => ({
  body: typeof body === "string" ? new TextEncoder().encode(body) : body,
  header: (name) => headers[name],
  route: "linen.orders.create",
  id: null,
  sentAt: null,
  ...more,
});
const readRoute = readRoutePattern("{shop}.{topic}");

describe("a message", () => {
  it("is the payload where shop and topic are named, and headers win over the route", () => {
    const read = readMessage(
      message(' {"order":1}', { "Genhook-Topic": "orders/paid", "Genhook-Order-Key": "k" }, { id: "the id" }),
      readRoute,
    );
    expect(read).toMatchObject({ ok: true, lane: "linen.genmystore.com k", hasKey: true });
    expect(read.ok && read.event).toBe(
      '{"shop":"linen.genmystore.com","topic":"orders/paid","idempotencyKey":"the id","orderKey":"k","payload": {"order":1}}',
    );
  });

  it("continues a trace, and passes over what is none", () => {
    const trace = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    for (const [given, expected] of [
      [trace, trace],
      ["none", undefined],
    ] as const) {
      const read = readMessage(message("{}", { traceparent: given }), readRoute);
      expect(read.ok && (JSON.parse(read.event) as { traceparent?: string }).traceparent).toBe(expected);
    }
  });

  it("is the whole event where neither is named: what it says itself is kept, what it leaves out is put in", () => {
    const body = '\n{ "topic":"orders/create","payload":{"n":1.0},"shop":"linen.genmystore.com" }';
    const read = (text: string): string | false => {
      const answer = readMessage(message(text, {}, { id: "broker's", sentAt: "2026-01-15T12:00:00Z" }), null);
      return answer.ok && answer.event;
    };
    expect(read(body)).toBe(`{"idempotencyKey":"broker's","triggeredAt":"2026-01-15T12:00:00Z",${body.slice(2)}`);
    const own = body.replace('"shop"', '"idempotencyKey":"own","triggeredAt":"2025-01-01T00:00:00Z","shop"');
    expect(read(own)).toBe(own.trimStart());
  });

  it.each([
    ["no JSON", message("{order: 1}"), "malformed_json"],
    ["no UTF-8", message(new Uint8Array([0x7b, 0xff, 0x7d])), "malformed_json"],
    ["a byte order mark", message('\ufeff{"order":1}'), "malformed_json"],
    ["no object", message("[1]"), "invalid_member"],
    ["larger than anything", message(`{"a":"${"x".repeat(1_100_000)}"}`), "body_too_large"],
    ["no whole event", message('{"order":1}', {}, { route: "elsewhere" }), "invalid_member"],
    [
      "an event with a misspelt member",
      message('{"shop":"linen.genmystore.com","topic":"t","payloads":{}}', {}, { route: "x" }),
      "unknown_member",
    ],
    ["changed that is no list", message("{}", { "Genhook-Changed": "order" }), "malformed_json"],
    ["a wrong time", message("{}", { "Genhook-Triggered-At": "yesterday" }), "invalid_member"],
  ])("%s is refused with its reason", (_, given, code) => {
    expect(readMessage(given, readRoute)).toMatchObject({ ok: false, refusal: { code, message: expect.stringMatching(/\w{3,}/) } });
  });
});
