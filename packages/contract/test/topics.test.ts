import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkPayload, SCOPES, TOPICS, type Topic } from "@genhook/contract";

function at(value: unknown, path: string): unknown[] {
  let values: unknown[] = [value];
  for (const part of path.split(".")) {
    const name = part.replace("[]", "");
    values = values.flatMap((each) => {
      const member: unknown = typeof each === "object" && each !== null ? Reflect.get(each, name) : undefined;
      return part.endsWith("[]") && Array.isArray(member) ? (member as unknown[]) : [member];
    });
  }
  return values;
}

describe("topics", () => {
  it("has every topic of the contract, each once", () => {
    const names = TOPICS.map((topic) => topic.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      "orders/create orders/update orders/paid orders/fulfilled orders/partiallyFulfilled orders/cancelled products/create products/update products/delete collections/create collections/update collections/delete customers/create customers/update customers/delete customers/merge refunds/create discounts/create discounts/update discounts/delete shop/update app/installed app/scopesUpdate app/uninstalled app/authorizationCodeGranted appSubscriptions/update customers/data_request customers/redact shop/redact".split(
        " ",
      ),
    );
  });

  it.each(TOPICS.map((topic): [string, Topic] => [topic.name, topic]))(
    "%s: its sample fits, and hurts where it is mutilated",
    (name, topic) => {
      expect(checkPayload(name, "202412", topic.sample)).toBeNull();
      const content = topic.sample[topic.root] as Record<string, unknown>;
      expect(Object.keys(topic.sample)).toEqual([topic.root]);
      expect(checkPayload(name, "202412", { wrongRoot: content })).toMatchObject({
        code: "payload_mismatch",
        member: `payload.${topic.root}`,
      });
      expect(checkPayload(name, "202412", { [topic.root]: "text" })).toMatchObject({
        code: "payload_mismatch",
        member: `payload.${topic.root}`,
      });
      expect(checkPayload(name, "202412", [topic.sample])).toMatchObject({ code: "payload_mismatch", member: "payload" });
      const required =
        (topic.versions["202412"].schema as unknown as { properties: Record<string, { required: string[] }> }).properties[topic.root]
          ?.required ?? [];
      expect(required.length).toBeGreaterThan(0);
      for (const member of required) {
        const without = Object.fromEntries(Object.entries(content).filter(([key]) => key !== member));
        expect(checkPayload(name, "202412", { [topic.root]: without })).toMatchObject({ member: `payload.${topic.root}.${member}` });
      }
      expect(checkPayload(name, "202412", { [topic.root]: { ...content, aMemberThatCameLater: { deep: [1] } } })).toBeNull();
    },
  );

  it.each(TOPICS.map((topic): [string, Topic] => [topic.name, topic]))("%s: scopes are known, subjects lead to ids", (_, topic) => {
    for (const scope of topic.scopes) expect(SCOPES).toContain(scope);
    for (const subject of topic.subjects) {
      const ids = at(topic.sample, subject);
      expect(ids.length).toBeGreaterThan(0);
      for (const id of ids) expect(String(id)).toMatch(/^\d+$/);
    }
  });

  it("ids and numbers are read as number or decimal text, booleans also as text", () => {
    const order = (id: unknown): unknown => ({ order: { id, totalPrice: 409.94, lineItems: [{ quantity: "1", taxable: "true" }] } });
    for (const id of [1, "1", "9223372036854775807"]) expect(checkPayload("orders/create", "202412", order(id))).toBeNull();
    for (const id of [0, -1, 1.5, 2 ** 60, "01", "1.0", "x", "", null, true, {}, []]) {
      expect(checkPayload("orders/create", "202412", order(id))).toMatchObject({ member: "payload.order.id" });
    }
  });

  it("the older generation has its own shape", () => {
    expect(
      checkPayload("orders/create", "202410", { order: { orderId: "1", paymentGatewayNames: '["PayPal"]', closedAt: null } }),
    ).toBeNull();
    expect(checkPayload("orders/create", "202410", { order: { id: "1" } })).toMatchObject({ member: "payload.order.orderId" });
    expect(checkPayload("refunds/create", "202410", { refund: { id: 5, lineItems: [{ line_item_id: 3, total_tax: "1" }] } })).toBeNull();
  });

  it("never throws, whatever comes", () => {
    fc.assert(
      fc.property(fc.constantFrom(...TOPICS), fc.jsonValue(), (topic, value) => {
        const error = checkPayload(topic.name, "202412", value);
        expect(error === null || error.member?.startsWith("payload")).toBe(true);
      }),
    );
  });
});
