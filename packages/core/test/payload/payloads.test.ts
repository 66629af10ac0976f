import { shapedSender, type AttemptRequest, type EventPayload, type Sender, type SubscriptionSettings } from "@genhook/core";
import { describe, expect, it } from "vitest";
import { makeApp, NOW } from "../directory/fixtures.ts";
import { makePayloads } from "./fixtures.ts";

const TEXT = '{ "order": {"id": 9007199254740993, "type":"x", "note": "\\u00e9", "total":1.10} }';

function makeEvent(more: Partial<EventPayload> & { readonly text?: string } = {}): EventPayload {
  const { text = TEXT, ...rest } = more;
  return { id: "e1", topic: "orders/create", apiVersion: "202412", changed: null, payload: new TextEncoder().encode(text), ...rest };
}
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe("what an app is sent", () => {
  it("is the publisher's own bytes, where neither version nor fields change them", () => {
    const event = makeEvent();
    const payloads = makePayloads();
    expect(payloads.bodyOf(event, "202412", undefined)).toEqual({ payload: event.payload, apiVersion: "202412" });
    expect(payloads.bodyOf(event, "202412", undefined).payload).toBe(event.payload);
    const product = makeEvent({ topic: "products/update" });
    expect(payloads.bodyOf(product, "202410", undefined)).toEqual({ payload: product.payload, apiVersion: "202410" });
  });

  it("is the app's version, and of that the fields: their paths are those of what is sent", () => {
    const body = (version: string, ...fields: string[]): string => textOf(makePayloads().bodyOf(makeEvent(), version, fields).payload);
    expect(textOf(makePayloads().bodyOf(makeEvent(), "202410", undefined).payload)).toBe(
      '{"order":{"orderId":9007199254740993,"note":"\\u00e9","total":1.10}}',
    );
    expect(body("202412", "order.id", "order.total")).toBe('{"order":{"id":9007199254740993,"total":1.10}}');
    expect(body("202410", "order.id", "order.total")).toBe('{"order":{"total":1.10}}');
    expect(body("202408", "order.number")).toBe('{"order":{"number":9007199254740993}}');
  });

  it("is never of a newer version than it was published in", () => {
    const event = makeEvent({ apiVersion: "202410" });
    expect(makePayloads().bodyOf(event, "202412", undefined)).toEqual({ payload: event.payload, apiVersion: "202410" });
  });

  it("is made once for all that get the same, whatever the order of their fields, and forgotten when there is too much of it", () => {
    const payloads = makePayloads();
    const event = makeEvent();
    const first = payloads.bodyOf(event, "202410", ["order.note", "order.total"]).payload;
    expect(payloads.bodyOf(event, "202410", ["order.total", "order.note"]).payload).toBe(first);
    expect(payloads.bodyOf(event, "202410", undefined).payload).toBe(payloads.bodyOf(event, "202410", undefined).payload);
    expect(payloads.bodyOf(makeEvent({ id: "e2" }), "202410", ["order.note", "order.total"]).payload).not.toBe(first);
    const long = `{"order":{"note":"${"x".repeat(1_000_000)}"}}`;
    for (let n = 0; n < 20; n += 1) payloads.bodyOf(makeEvent({ id: `l${n}`, text: long }), "202412", ["order.note"]);
    const again = payloads.bodyOf(event, "202410", ["order.note", "order.total"]).payload;
    expect(again).not.toBe(first);
    expect(again).toEqual(first);
  });

  it("is what was published, where it cannot be brought into another form: nothing is lost for it", () => {
    const errors: string[] = [];
    const payloads = makePayloads({ onError: (what) => errors.push(what) });
    for (const text of ['{"order":{"id":', '{"order"', '{"order":{"id":1,}}']) {
      const event = makeEvent({ id: text, text });
      expect(payloads.bodyOf(event, "202410", undefined)).toEqual({ payload: event.payload, apiVersion: "202412" });
    }
    const event = makeEvent();
    expect(payloads.bodyOf(event, "202412", ["order..id"])).toEqual({ payload: event.payload, apiVersion: "202412" });
    expect(errors).toEqual(Array.from({ length: 4 }, () => "shape a payload"));
  });
});

describe("which subscriptions an event is for", () => {
  const select = (event: EventPayload, settings: SubscriptionSettings, version = "202412"): string =>
    makePayloads().selectionOf(event).select(settings, version);

  it("its filter decides, in the paths of the version that the app gets", () => {
    expect(select(makeEvent(), { filter: "order.id = 9007199254740993" })).toBe("matched");
    expect(select(makeEvent(), { filter: "order.id = 9007199254740992" })).toBe("filter_not_matched");
    expect(select(makeEvent(), { filter: "order.orderId = 9007199254740993" }, "202410")).toBe("matched");
    expect(select(makeEvent(), { filter: "exists order.type" }, "202410")).toBe("filter_not_matched");
    expect(select(makeEvent({ topic: "products/update" }), { filter: "exists order.type" }, "202410")).toBe("matched");
  });

  it.each([
    [null, "matched"],
    [[], "not_changed"],
    [["order.note"], "matched"],
    [["order"], "matched"],
    [["order.note.text"], "matched"],
    [["order.total"], "not_changed"],
    [["order.total", "order.lineItems[2].sku"], "matched"],
    [["order.lineItems[2].price"], "not_changed"],
  ])("changed %j: %s", (changed, expected) => {
    expect(select(makeEvent({ changed }), { changed: ["order.note", "order.lineItems[*].sku"] })).toBe(expected);
  });

  it("what changed is called as in the version that the app gets", () => {
    const event = makeEvent({ changed: ["order.id"] });
    expect(select(event, { changed: ["order.orderId"] }, "202410")).toBe("matched");
    expect(select(event, { changed: ["order.id"] }, "202410")).toBe("not_changed");
    expect(select(event, { changed: ["order.number"] }, "202408")).toBe("matched");
    expect(select(makeEvent({ changed: ["order.type"] }), { changed: ["order"] }, "202410")).toBe("not_changed");
  });

  it("both must hold, and each is said", () => {
    const settings = { changed: ["order.note"], filter: "order.total > 2" };
    const explain = (changed: readonly string[] | null): unknown =>
      makePayloads().selectionOf(makeEvent({ changed })).explain(settings, "202412");
    expect(explain(["order.total"])).toBe("changed was only order.total");
    expect(explain(["order.note"])).toBe("order.total > 2 does not hold: it is 1.10");
    expect(select(makeEvent({ changed: ["order.note"] }), { ...settings, filter: "order.total > 1" })).toBe("matched");
    expect(
      makePayloads()
        .selectionOf(makeEvent())
        .explain({ changed: ["order.note"] }, "202412"),
    ).toContain("does not say what changed");
  });

  it("what cannot be decided is delivered: too costly, no filter, no payload, no path", () => {
    const errors: string[] = [];
    const payloads = makePayloads({ onError: (what) => errors.push(what) });
    const many = makeEvent({ text: `{"order":{"a":[${"0,".repeat(20_000)}0]}}` });
    expect(payloads.selectionOf(many).select({ filter: "order.a[*] = 1" }, "202412")).toBe("filter_failed");
    expect(payloads.selectionOf(makeEvent()).select({ filter: "order.id ==" }, "202412")).toBe("filter_failed");
    expect(payloads.selectionOf(makeEvent({ changed: ["order.x"] })).select({ changed: ["order..x"] }, "202412")).toBe("matched");
    expect(errors).toEqual([]);
    expect(payloads.selectionOf(makeEvent({ text: '{"order":' })).select({ filter: "order.id = 1" }, "202412")).toBe("filter_failed");
    expect(errors).toEqual(["select by payload"]);
  });

  it("costly filters of one event share one bound; a filter that is asked again costs nothing", () => {
    const selection = makePayloads().selectionOf(makeEvent({ text: `{"order":{"a":[${"0,".repeat(9_000)}0]}}` }));
    const answers = Array.from({ length: 200 }, (_, n) => selection.select({ filter: `order.a[*] = ${n + 1}` }, "202412"));
    expect(answers.filter((answer) => answer === "filter_not_matched").length).toBeGreaterThan(100);
    expect(answers.slice(-50)).toEqual(Array.from({ length: 50 }, () => "filter_failed"));
    expect(selection.select({ filter: "order.a[*] = 1" }, "202412")).toBe("filter_not_matched");
  });

  it("decodes the payload once per version at most, and not at all where nobody asks", () => {
    let decoded = 0;
    const text = {
      decode: (bytes: Uint8Array): string => {
        decoded += 1;
        return textOf(bytes);
      },
      encode: (each: string): Uint8Array => new TextEncoder().encode(each),
    };
    const selection = makePayloads({ text }).selectionOf(makeEvent({ changed: ["order.note"] }));
    selection.select({}, "202412");
    selection.select({ fields: ["order.id"], changed: ["order.note"] }, "202412");
    selection.select({ changed: ["order.total"], filter: "order.id = 1" }, "202412");
    expect(decoded).toBe(0);
    for (let n = 0; n < 5; n += 1) selection.select({ filter: `order.id = ${n}` }, "202412");
    expect(decoded).toBe(1);
  });
});

describe("shapedSender", () => {
  it("sends what the app gets, and leaves alone what needs no change", async () => {
    const sent: AttemptRequest[] = [];
    const inner: Sender = { send: (request) => void sent.push(request), abortAll: () => undefined, close: () => Promise.resolve() };
    const sender = shapedSender(inner, makePayloads());
    const content = { shop: 1, app: null, triggeredAt: "", acceptedAt: NOW, orderKey: null, traceparent: null, isTest: false };
    const request: AttemptRequest = {
      deliveryId: "d",
      address: "https://a.example/",
      app: makeApp(1),
      event: { ...makeEvent(), ...content },
      fields: undefined,
      shopDomain: "s",
      subscriptionId: 1,
      subscriptionUuid: "u",
      attempt: 1,
      isReplay: false,
      sequence: null,
      at: NOW,
    };
    sender.send(request, () => undefined);
    sender.send({ ...request, fields: ["order.total"] }, () => undefined);
    sender.send({ ...request, app: makeApp(1, { apiVersion: "202410" }) }, () => undefined);
    expect(sent[0]).toBe(request);
    expect(sent.slice(1).map(({ event }) => [event.apiVersion, textOf(event.payload)])).toEqual([
      ["202412", '{"order":{"total":1.10}}'],
      ["202410", '{"order":{"orderId":9007199254740993,"note":"\\u00e9","total":1.10}}'],
    ]);
    await sender.close();
  });
});
