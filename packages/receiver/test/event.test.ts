import fc from "fast-check";
import { describe, expect, expectTypeOf, test } from "vitest";
import {
  parseEvent,
  readFlag,
  readId,
  readNumber,
  readTexts,
  receive,
  type ApiVersion,
  type EventOf,
  type Id,
  type Order,
  type Order202410,
  type WebhookEvent,
} from "../src/index.ts";
import { SAMPLES } from "../src/generated/samples.ts";
import { signedDelivery } from "../src/testing/index.ts";
import { BODY, CLIENT, delivery, reasonOf, SIGNING } from "./fixtures.ts";

const parsed = async (headers: Record<string, string>, body = BODY): Promise<WebhookEvent> => Promise.resolve(parseEvent(body, headers));

describe("reading", () => {
  test("headers and body become an event", async () => {
    const { headers, body } = await delivery({
      sequence: 7,
      attempt: 3,
      isReplay: true,
      isTest: true,
      deliveryId: "d",
      eventId: "e",
      webhookId: "8589934859",
    });
    expect(parseEvent(body, headers)).toEqual({
      topic: "orders/create",
      apiVersion: "202412",
      shopDomain: "test-shop.genmystore.com",
      eventId: "e",
      deliveryId: "d",
      webhookId: "8589934859",
      triggeredAt: headers["X-Genstore-Triggered-At"],
      attempt: 3,
      isReplay: true,
      isTest: true,
      sequence: 7,
      payload: JSON.parse(BODY) as object,
    });
  });

  test("what may be missing has its plain meaning", async () => {
    const { headers } = await delivery();
    expect(await parsed(headers)).toMatchObject({ attempt: 1, isReplay: false, isTest: false, sequence: null });
  });

  test("a platform without Standard Webhooks headers names the delivery by event and subscription", async () => {
    const { headers } = await delivery({ eventId: "e", webhookId: "5" });
    delete headers["webhook-id"];
    expect((await parsed(headers)).deliveryId).toBe("e/5");
    // An empty one would make every delivery the same delivery, and all but the first a duplicate.
    expect((await parsed({ ...headers, "webhook-id": " " })).deliveryId).toBe("e/5");
  });

  test("what is missing or malformed is named", async () => {
    const { headers } = await delivery();
    for (const name of [
      "X-Genstore-Topic",
      "X-Genstore-Shop-Domain",
      "X-Genstore-API-Version",
      "X-Genstore-Event-Id",
      "X-Genstore-Webhook-Id",
    ]) {
      expect(await reasonOf((async () => parseEvent(BODY, { ...headers, [name]: "" }))())).toBe("header_missing");
    }
    for (const [name, value] of [
      ["X-Genstore-Sequence", "1.5"],
      ["X-Genstore-Sequence", "0"],
      ["X-Genstore-Sequence", "99999999999999999"],
      ["X-Genstore-Attempt", "first"],
      ["webhook-id", "d".repeat(256)],
    ] as const) {
      expect(await reasonOf((async () => parseEvent(BODY, { ...headers, [name]: value }))())).toBe("header_malformed");
    }
    for (const body of ["{", "", Uint8Array.of(0x22, 0xff, 0x22)]) {
      expect(await reasonOf((async () => parseEvent(body, headers))())).toBe("body_malformed");
    }
  });

  test("another API version than the app was written for is refused, and not mistaken for it", async () => {
    const { headers, body } = await signedDelivery({ topic: "orders/create", apiVersion: "202410", clientSecret: CLIENT });
    expect(await reasonOf(receive(body, headers, { clientSecret: CLIENT, apiVersion: "202412" }))).toBe("version_unexpected");
    await receive(body, headers, { clientSecret: CLIENT, apiVersion: "202410" });
    await receive(body, headers, { clientSecret: CLIENT, apiVersion: ["202410", "202412"] });
    await receive(body, headers, { clientSecret: CLIENT });
  });

  test("topics and versions that the kit does not know are read all the same", async () => {
    const { headers, body } = await signedDelivery({ topic: "loyalty/points", payload: { points: 5 }, signingSecret: SIGNING });
    const event = await receive(body, { ...headers, "X-Genstore-API-Version": "209901" }, { signingSecret: SIGNING });
    expect(event).toMatchObject({ topic: "loyalty/points", apiVersion: "209901", payload: { points: 5 } });
  });

  test("an own parser keeps what JSON.parse would round", async () => {
    const body = '{"order":{"id":9223372036854775807}}';
    const { headers } = await delivery({ body });
    const quoteLongNumbers = (text: string): unknown => JSON.parse(text.replaceAll(/:(\d{16,})/g, ':"$1"'));
    const event = parseEvent(body, headers, { parse: quoteLongNumbers });
    expect(event.payload).toEqual({ order: { id: "9223372036854775807" } });
  });
});

describe("types", () => {
  const event = { topic: "orders/create", apiVersion: "202412", payload: SAMPLES["orders/create"] } as WebhookEvent<"202412">;

  test("comparing the topic narrows the payload", () => {
    if (event.topic === "orders/create") {
      expectTypeOf(event).toEqualTypeOf<EventOf<"orders/create", "202412">>();
      expectTypeOf(event.payload.order).toEqualTypeOf<Order>();
      expectTypeOf(event.payload.order.id).toEqualTypeOf<number | string>();
      // @ts-expect-error a member that no document names
      expect(event.payload.order.nope).toBeUndefined();
    }
    if (event.topic === "products/delete") expectTypeOf(event.payload.product.productId).toEqualTypeOf<Id>();
    if (event.topic === "customers/redact") expectTypeOf(event.payload.customerRedact.ordersToRedact).toEqualTypeOf<Id[] | undefined>();
    // @ts-expect-error before the topic is known the payload may be anything
    expect(() => event.payload.order.id).not.toThrow();
  });

  test("what is left after the known topics is unknown, and still has its text", () => {
    if (event.topic === "orders/create" || event.topic === "orders/update") expect(event.payload.order).toBeDefined();
    else expectTypeOf(event.topic).toExtend<string>();
    const other = event as Exclude<WebhookEvent<"202412">, { topic: "orders/create" }>;
    expectTypeOf(other.shopDomain).toEqualTypeOf<string>();
  });

  test("with several versions, the version narrows further", () => {
    const both = event as WebhookEvent;
    if (both.topic === "orders/create" && both.apiVersion === "202410") expectTypeOf(both.payload.order).toEqualTypeOf<Order202410>();
    if (both.topic === "orders/create") expectTypeOf(both.payload.order).toEqualTypeOf<Order | Order202410>();
    expectTypeOf<WebhookEvent>().toEqualTypeOf<WebhookEvent<ApiVersion>>();
  });

  test("the versions that are let through are the versions that come out", async () => {
    const { headers, body } = await delivery();
    expectTypeOf(await receive(body, headers, { clientSecret: CLIENT, apiVersion: "202412" })).toEqualTypeOf<WebhookEvent<"202412">>();
    expectTypeOf(await receive(body, headers, { clientSecret: CLIENT, apiVersion: ["202412", "202410"] })).toEqualTypeOf<WebhookEvent>();
    expectTypeOf(await receive(body, headers, { clientSecret: CLIENT })).toEqualTypeOf<WebhookEvent>();
  });
});

describe("values that come in two forms", () => {
  test("ids are text, whatever they came as", () => {
    expect([readId(300157930096874), readId("300157930096874"), readId("9223372036854775807")]).toEqual([
      "300157930096874",
      "300157930096874",
      "9223372036854775807",
    ]);
  });

  test("numbers", () => {
    expect([readNumber("409.94"), readNumber(2), readNumber("-0.5")]).toEqual([409.94, 2, -0.5]);
    for (const text of ["", " ", "1,5", "x"]) expect(() => readNumber(text)).toThrow(TypeError);
  });

  test("flags: the text false is false", () => {
    expect([readFlag(true), readFlag("true"), readFlag(false), readFlag("false")]).toEqual([true, true, false, false]);
  });

  test("lists, in all three forms that the public pages print", () => {
    expect(readTexts(["a", "b"])).toEqual(["a", "b"]);
    expect(readTexts('["PayPal","Credit Card"]')).toEqual(["PayPal", "Credit Card"]);
    expect(readTexts("[read_orders,write_orders]")).toEqual(["read_orders", "write_orders"]);
    expect(readTexts("vip, linen")).toEqual(["vip", "linen"]);
    expect([readTexts(""), readTexts("[]"), readTexts([])]).toEqual([[], [], []]);
    fc.assert(
      fc.property(fc.array(fc.string()), (list) => {
        expect(readTexts(JSON.stringify(list))).toEqual(list);
      }),
    );
  });
});
