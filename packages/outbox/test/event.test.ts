import {
  CHANGED_PATHS_MAX,
  compile,
  ENVELOPE_BYTES_MAX,
  EventEnvelope,
  IDEMPOTENCY_KEY_LENGTH_MAX,
  JSON_DEPTH_MAX,
  ORDER_KEY_LENGTH_MAX,
  PAYLOAD_BYTES_MAX,
  TOPIC_LENGTH_MAX,
} from "@genhook/contract";
import { describe, expect, it } from "vitest";
import { OutboxError, outboxInsert, readEvent, type OutboxEvent } from "../src/index.ts";
import * as limits from "../src/limits.ts";

const EVENT: OutboxEvent = { shop: "linen.genmystore.com", topic: "orders/create", payload: { order: { id: "1" } } };

/** An event with everything. */
const OUTBOX_MEMBERS: Required<OutboxEvent> = {
  ...EVENT,
  shop: "linen.genmystore.com",
  topic: "orders/create",
  payload: {},
  clientId: "a".repeat(32),
  triggeredAt: "2026-01-15T12:00:00Z",
  idempotencyKey: "k",
  orderKey: "k",
  changed: ["order"],
  traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
};

function errorOf(event: object): { readonly code: string; readonly member: string; readonly message: string } | null {
  try {
    readEvent(event as OutboxEvent);
    return null;
  } catch (error) {
    if (!(error instanceof OutboxError)) throw error;
    return { code: error.code, member: error.member, message: error.message };
  }
}

describe("an event of the outbox", () => {
  it("keeps a payload's text byte for byte, and writes an object as JSON", () => {
    const text = ' {"order": {"id": 9007199254740993, "b":1.0,\n"a":"\\u00e9"}}';
    expect(readEvent({ ...EVENT, payload: text }).payload).toBe(text);
    expect(readEvent(EVENT).payload).toBe('{"order":{"id":"1"}}');
  });

  it("has a key of its own unless one is given", () => {
    const [one, other] = [readEvent(EVENT), readEvent(EVENT)];
    expect(one.key).toMatch(/^[0-9a-f-]{36}$/);
    expect(one.key).not.toBe(other.key);
    expect(outboxInsert({ ...EVENT, idempotencyKey: "order-1-paid" }).idempotencyKey).toBe("order-1-paid");
  });

  it.each([
    ["no object", "orders/create", "invalid_member", "event"],
    ["no shop", { ...EVENT, shop: undefined }, "missing_member", "shop"],
    ["a shop without its domain", { ...EVENT, shop: "linen" }, "invalid_member", "shop"],
    ["a shop in capitals", { ...EVENT, shop: "Linen.genmystore.com" }, "invalid_member", "shop"],
    ["no topic", { ...EVENT, topic: undefined }, "missing_member", "topic"],
    ["an empty topic", { ...EVENT, topic: "" }, "invalid_member", "topic"],
    ["no payload", { ...EVENT, payload: undefined }, "missing_member", "payload"],
    ["a list as payload", { ...EVENT, payload: [1] }, "invalid_member", "payload"],
    ["null as payload", { ...EVENT, payload: "null" }, "invalid_member", "payload"],
    ["text that is no JSON", { ...EVENT, payload: "{order: 1}" }, "malformed_json", "payload"],
    ["a number that JSON cannot hold", { ...EVENT, payload: { order: { id: 1n } } }, "malformed_json", "payload"],
    ["half a surrogate pair", { ...EVENT, payload: '{"a":"\ud800"}' }, "malformed_json", "payload"],
    ["a payload past its size", { ...EVENT, payload: { order: { note: "é".repeat(PAYLOAD_BYTES_MAX / 2) } } }, "body_too_large", "payload"],
    ["a payload past its depth", { ...EVENT, payload: `{"a":${"[".repeat(127)}${"]".repeat(127)}}` }, "malformed_json", "payload"],
    ["a client id that is none", { ...EVENT, clientId: "app" }, "invalid_member", "clientId"],
    ["a day that there is not", { ...EVENT, triggeredAt: "2026-02-30T00:00:00Z" }, "invalid_member", "triggeredAt"],
    ["a time without an offset", { ...EVENT, triggeredAt: "2026-02-03T00:00:00" }, "invalid_member", "triggeredAt"],
    ["a date that is none", { ...EVENT, triggeredAt: new Date("never") }, "invalid_member", "triggeredAt"],
    ["a long key", { ...EVENT, idempotencyKey: "k".repeat(256) }, "invalid_member", "idempotencyKey"],
    ["a key with NUL", { ...EVENT, orderKey: "a\0b" }, "invalid_member", "orderKey"],
    ["changed that is no list", { ...EVENT, changed: "order" }, "invalid_member", "changed"],
    ["an empty path", { ...EVENT, changed: [""] }, "invalid_member", "changed"],
    ["too much around the payload", { ...EVENT, changed: Array.from({ length: 100 }, () => "p".repeat(255)) }, "body_too_large", "changed"],
    ["a trace that is none", { ...EVENT, traceparent: `00-${"0".repeat(32)}-${"1".repeat(16)}-01` }, "invalid_member", "traceparent"],
    ["a member that is misspelt", { ...EVENT, orderkey: "1" }, "unknown_member", "orderkey"],
  ])("%s is refused, and the member is named", (_, event, code, member) => {
    const error = errorOf(event as object);
    expect(error).toMatchObject({ code, member });
    expect(error?.message).toMatch(/^\w.{12,}/);
  });

  it("lengths are counted as the API counts them", () => {
    const check = compile(EventEnvelope);
    for (const orderKey of ["k".repeat(255), "🌍".repeat(255), "🌍".repeat(256)]) {
      const isRefused = check({ shop: EVENT.shop, topic: EVENT.topic, orderKey }) !== null;
      expect(errorOf({ ...EVENT, orderKey }) !== null, orderKey.slice(0, 2)).toBe(isRefused);
    }
  });

  it("takes the members that the API takes, and no other", () => {
    expect(Object.keys(OUTBOX_MEMBERS).toSorted()).toEqual(Object.keys(EventEnvelope.properties).concat("payload").toSorted());
    expect(errorOf(OUTBOX_MEMBERS)).toBeNull();
  });

  it("limits are the contract's", () => {
    expect({ ...limits, CHANGED_PATH_LENGTH_MAX: 0 }).toEqual({
      PAYLOAD_BYTES_MAX,
      ENVELOPE_BYTES_MAX,
      JSON_DEPTH_MAX,
      TOPIC_LENGTH_MAX,
      IDEMPOTENCY_KEY_LENGTH_MAX,
      ORDER_KEY_LENGTH_MAX,
      CHANGED_PATHS_MAX,
      CHANGED_PATH_LENGTH_MAX: 0,
    });
  });
});

describe("the statement", () => {
  it("comes in the form that each client takes", () => {
    const { text, questionText, values, template } = outboxInsert({ ...EVENT, idempotencyKey: "k" }, { table: "app.outbox" });
    const columns = "INSERT INTO app.outbox (key, shop, topic, payload, client_id, triggered_at, order_key, changed, traceparent) VALUES";
    expect(text).toBe(`${columns} ($1, $2, $3, $4, $5, $6, $7, $8, $9)`);
    expect(questionText).toBe(`${columns} (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    const [strings, ...given] = template;
    expect(given).toEqual(values);
    expect(strings.raw).toHaveLength(values.length + 1);
  });

  it.each(["outbox; DROP TABLE shop", 'out"box', "", "a.b.c"])("takes no table called %s", (table) => {
    expect(() => outboxInsert(EVENT, { table })).toThrow(/must be letters, digits and underscores/);
  });
});
