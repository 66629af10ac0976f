import { checkPayload, TOPICS } from "@genhook/contract";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { setMembers } from "../src/publish/set-members.ts";
import { varySample, type SamplePlace } from "../src/publish/vary-sample.ts";
import { NOW } from "./harness.ts";

const PLACE: SamplePlace = {
  shopDomain: "linen.genmystore.com",
  shopId: "4022054969604",
  clientId: "AB12AB12AB12AB12AB12AB12AB12AB12",
  at: NOW,
};

describe("a varied sample", () => {
  it("fits its topic's schema, whatever the seed", () => {
    fc.assert(
      fc.property(fc.constantFrom(...TOPICS), fc.nat(), fc.nat(100_000), (topic, seed, number) => {
        expect(checkPayload(topic.name, "202412", varySample(topic.sample, seed, number, PLACE))).toBeNull();
      }),
    );
  });

  it("is the same for the same seed and number, and another for others; seed 0 is the sample itself", () => {
    const orders = TOPICS.find((topic) => topic.name === "orders/create")?.sample ?? {};
    const texts = [1, 2].flatMap((seed) => [1, 2].map((number) => JSON.stringify(varySample(orders, seed, number, PLACE))));
    expect(new Set(texts).size).toBe(4);
    expect(JSON.stringify(varySample(orders, 1, 1, PLACE))).toBe(texts[0]);
    expect(varySample(orders, 0, 5, PLACE)).toBe(orders);
  });

  it("is of one piece: ids that belong together stay together, amounts add up, times keep their distance and end now", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.nat(1_000), (seed, number) => {
        const product = varySample(sampleOf("products/create"), seed, number, PLACE)["product"] as ProductShape;
        expect(product.productVariants[0]?.productId).toBe(product.productId);
        expect(Date.parse(product.updateTime)).toBe(NOW);
        expect(Date.parse(product.updateTime) - Date.parse(product.createTime)).toBe(
          Date.parse("2024-12-30T10:55:12+08:00") - Date.parse("2024-10-25T11:06:48+08:00"),
        );
        const order = varySample(sampleOf("orders/create"), seed, number, PLACE)["order"] as OrderShape;
        expect(cents(order.totalPrice)).toBe(cents(order.currentSubtotalPrice) + cents(order.currentTotalTax));
        expect(order.customer.firstName).toBe(order.billingAddress.firstName);
        expect(
          order.customer.email.startsWith(
            order.customer.firstName
              .normalize("NFD")
              .replaceAll(/[^A-Za-z]/g, "")
              .toLowerCase(),
          ),
        ).toBe(true);
      }),
    );
  });

  it("is of the shop and the app that it is published for", () => {
    const redact = varySample(sampleOf("customers/redact"), 3, 1, PLACE)["customerRedact"];
    expect(redact).toMatchObject({ shopDomain: PLACE.shopDomain, shopId: PLACE.shopId });
    expect(varySample(sampleOf("app/authorizationCodeGranted"), 3, 1, PLACE)["authCode"]).toMatchObject({ clientId: PLACE.clientId });
  });
});

interface ProductShape {
  readonly productId: string;
  readonly productVariants: readonly { readonly productId: string }[];
  readonly createTime: string;
  readonly updateTime: string;
}

interface OrderShape {
  readonly totalPrice: string;
  readonly currentSubtotalPrice: string;
  readonly currentTotalTax: string;
  readonly customer: { readonly firstName: string; readonly email: string };
  readonly billingAddress: { readonly firstName: string };
}

function sampleOf(topic: string): Readonly<Record<string, unknown>> {
  return TOPICS.find((each) => each.name === topic)?.sample ?? {};
}

function cents(text: string): number {
  return Math.round(Number(text) * 100);
}

describe("--set", () => {
  const set = (assignment: string, payload: unknown = base()): { readonly text: string; readonly warnings: string[] } => {
    const warnings: string[] = [];
    setMembers(payload, [assignment], (text) => warnings.push(text));
    return { text: JSON.stringify(payload), warnings };
  };
  const base = (): unknown => ({ order: { total: "1.00", paid: false, count: 2, items: [{ n: 1 }] } });

  it.each([
    ["order.total=12.00", '{"order":{"total":"12.00","paid":false,"count":2,"items":[{"n":1}]}}'],
    ["order.paid=true", '{"order":{"total":"1.00","paid":true,"count":2,"items":[{"n":1}]}}'],
    ["order.count=3.50", '{"order":{"total":"1.00","paid":false,"count":3.50,"items":[{"n":1}]}}'],
    ["order.items[0].n:=null", '{"order":{"total":"1.00","paid":false,"count":2,"items":[{"n":null}]}}'],
    ["order.items[1].n=x", '{"order":{"total":"1.00","paid":false,"count":2,"items":[{"n":1},{"n":"x"}]}}'],
    ["order.total:=9223372036854775807", '{"order":{"total":9223372036854775807,"paid":false,"count":2,"items":[{"n":1}]}}'],
    ["order.a.b=c=d", '{"order":{"total":"1.00","paid":false,"count":2,"items":[{"n":1}],"a":{"b":"c=d"}}}'],
    ["order.empty=", '{"order":{"total":"1.00","paid":false,"count":2,"items":[{"n":1}],"empty":""}}'],
  ])("%s", (assignment, text) => expect(set(assignment).text).toBe(text));

  it("says what looks like a slip of the pen", () => {
    expect(set("order.Total=1").warnings).toEqual(["--set order.Total adds a member; the payload has one that is called total."]);
    expect(set("order.total=1").warnings).toEqual([]);
    expect(set("order.somethingElse=1").warnings).toEqual([]);
  });

  it.each([
    "",
    "=x",
    "order",
    "order..total=1",
    "order[x]=1",
    "order.total.x=1",
    "order.paid=maybe",
    "order.count=many",
    "order.total:=nope",
    "__proto__.x=1",
  ])("%j is refused, and says what is expected", (assignment) => {
    expect(() => set(assignment)).toThrow(/--set/);
    expect(Reflect.get({}, "x")).toBeUndefined();
  });
});
