import { readFileSync } from "node:fs";
import { API_VERSIONS, checkPayload, CURRENT_VERSION, TOPIC_BY_NAME, TOPICS, type ApiVersion, type Topic } from "@genhook/contract";
import { parsePath, printPath, type EventPayload } from "@genhook/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makePayloads } from "../src/runtime/payload-forms.ts";

const OLDER = API_VERSIONS.filter((version) => version !== CURRENT_VERSION);
const cases = TOPICS.flatMap((topic) => OLDER.map((version): [string, ApiVersion, Topic] => [topic.name, version, topic]));

function convert(topic: Topic, version: string, source: string): string {
  const payloads = makePayloads(TOPIC_BY_NAME, (what, error) => {
    throw new Error(what, { cause: error });
  });
  const event: EventPayload = { id: "e", topic: topic.name, apiVersion: CURRENT_VERSION, changed: null, payload: Buffer.from(source) };
  const body = payloads.bodyOf(event, version, undefined);
  expect(body.apiVersion).toBe(version);
  return Buffer.from(body.payload).toString("utf8");
}

/** The version's own schema, or the nearest newer one that the topic has. */
function schemaVersion(topic: Topic, version: ApiVersion): ApiVersion {
  return API_VERSIONS.slice(0, API_VERSIONS.indexOf(version) + 1).findLast((each) => topic.versions[each] !== undefined) ?? CURRENT_VERSION;
}

describe("every topic in every older version", () => {
  it.each(cases)("%s in %s: its sample fits", (name, version, topic) => {
    const converted = convert(topic, version, JSON.stringify(topic.sample));
    expect(checkPayload(name, schemaVersion(topic, version), JSON.parse(converted))).toBeNull();
    expect(Object.keys(JSON.parse(converted) as object)).toEqual([topic.root]);
  });

  it.each(cases)("%s in %s: its steps speak of members that there are, and change something", (_, version, topic) => {
    for (const step of topic.versions[version]?.fromNewer ?? []) {
      const text = "rename" in step ? step.rename : "drop" in step ? step.drop : step.asText;
      const path = parsePath(text, topic.root);
      if (!path.ok) throw new Error(`${text}: ${path.problem.message}`);
      expect(printPath(path.value)).toBe(text);
      const isThere = path.value.reduce<unknown>((value, part) => {
        if (part.kind === "each") return Array.isArray(value) ? (value as unknown[])[0] : undefined;
        return part.kind === "member" && typeof value === "object" && value !== null ? Reflect.get(value, part.name) : undefined;
      }, topic.sample);
      expect(isThere, `${text} is not in the sample`).not.toBeUndefined();
    }
  });

  it("a version with a schema of its own has steps, and one without has none", () => {
    for (const topic of TOPICS) {
      for (const version of OLDER) expect(topic.versions[version] === undefined).toBe(topic.versions[version]?.fromNewer === undefined);
    }
  });

  it("digits, escapes and the order of members survive, whatever else a publisher sends", () => {
    const topic = TOPICS.find((each) => each.name === "orders/create") as Topic;
    const digits = fc
      .tuple(fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n }), fc.nat({ max: 999 }))
      .map(([whole, cents]) => `${whole}.${cents}0e-2`);
    fc.assert(
      fc.property(digits, fc.string({ unit: "binary", maxLength: 8 }), (number, text) => {
        const raw = JSON.stringify(text).replaceAll("a", "\\u0061");
        const source = `{"order":{"9":1,"z":${number},"id":${number.split(".")[0] ?? ""},"note":${raw},"1":2,"lineItems":[{"price":${number}}]}}`;
        expect(convert(topic, "202410", source)).toBe(source.replace('"id"', '"orderId"'));
      }),
    );
  });
});

it("an older order and refund are those of the older generation", () => {
  const of = (name: string): unknown => {
    const topic = TOPICS.find((each) => each.name === name) as Topic;
    return JSON.parse(convert(topic, "202410", JSON.stringify(topic.sample)));
  };
  const { order } = of("orders/create") as { order: Record<string, unknown> };
  expect(order).toMatchObject({
    orderId: "300157930096874",
    closedAt: null,
    cancelledAt: null,
    paymentGatewayNames: '["PayPal","Credit Card"]',
  });
  for (const name of ["id", "type", "shopCurrency", "paymentType", "extendedFields", "refunds", "closedTime"])
    expect(order).not.toHaveProperty(name);
  const { refund } = of("refunds/create") as { refund: { lineItems: readonly unknown[] } };
  expect(refund).toMatchObject({ id: "700157930096010", refundPrice: "204.97", customerId: "1020000013062" });
  expect(refund.lineItems[0]).toEqual({
    line_item_id: "600157930096001",
    line_item: { productId: "102744460756584", variantId: "107362030756584" },
    quantity: 1,
    subtotal: "190.00",
    total_tax: "14.97",
  });
});

it("docs/payload-versions.md names every difference", () => {
  const page = readFileSync(new URL("../../../docs/payload-versions.md", import.meta.url), "utf8");
  for (const topic of TOPICS) {
    for (const step of OLDER.flatMap((version) => topic.versions[version]?.fromNewer ?? [])) {
      const path = "rename" in step ? step.rename : "drop" in step ? step.drop : step.asText;
      const names = [path, ...("rename" in step ? [step.to] : [])].map((each) => each.split(".").at(-1) ?? "");
      for (const name of names)
        expect(
          [`.${name}`, "`" + name].some((each) => page.includes(each + "`")),
          `${topic.name} ${name}`,
        ).toBe(true);
    }
  }
});
