import { parsePath, PayloadVersions, printPath, type ConversionStep } from "@genhook/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { payload } from "../filter/expressions.ts";

const STEPS: Readonly<Record<string, readonly ConversionStep[]>> = {
  "2": [
    { rename: "order.id", to: "orderId" },
    { drop: "order.type" },
    { asText: "order.tags" },
    { rename: "order.tags", to: "labels" },
    { rename: "order.lineItems[*].lineItemId", to: "line_item_id" },
    { rename: "order.lineItems[*].lineItem", to: "line_item" },
    { drop: "order.lineItems[*].lineItem.hidden" },
  ],
  "1": [{ rename: "order.orderId", to: "number" }],
};
const versions = new PayloadVersions({
  versions: ["3", "2", "1"],
  stepsTo: (topic, version) => (topic === "orders" ? (STEPS[version] ?? []) : []),
});
const down = (source: string, to = "2", from = "3"): string => versions.convert("orders", from, to, source);

describe("a conversion", () => {
  it("changes what its steps say and cuts out all else as it stands", () => {
    const order =
      '{"order":{"id": 9007199254740993, "type":"x", "tags":["a", 1.0],"total":1.10,"lineItems":[{"lineItemId":1,"lineItem":{"hidden":1,"sku" : "a"}}, 5]}}';
    expect(down(order)).toBe(
      '{"order":{"orderId":9007199254740993,"labels":"[\\"a\\", 1.0]","total":1.10,"lineItems":[{"line_item_id":1,"line_item":{"sku":"a"}},5]}}',
    );
    expect(down(order, "1")).toContain('"number":9007199254740993');
    expect(JSON.parse(down(order, "1", "2"))).toEqual(JSON.parse(order));
    expect(down('{"order":{"orderId":7}}', "1", "2")).toBe('{"order":{"number":7}}');
  });

  it("does nothing about what is not there or has another form", () => {
    for (const order of [
      "{}",
      '{"order":null}',
      '{"order":[]}',
      '{"order":{"tags":"[]","lineItems":{},"note":1}}',
      '{"order":{"lineItems":[1]}}',
    ]) {
      expect(JSON.parse(down(order))).toEqual(rename(JSON.parse(order)));
    }
    expect(versions.convert("products", "3", "1", " {} ")).toBe(" {} ");
  });

  it("a name that a renamed member takes is not given twice", () => {
    expect(down('{"order":{"orderId":5,"id":1,"labels":2,"tags":[]}}')).toBe('{"order":{"orderId":1,"labels":"[]"}}');
  });

  it("gives an app no newer version than the event was published in", () => {
    expect([
      versions.versionFor("3", "1"),
      versions.versionFor("2", "3"),
      versions.versionFor("2", "2"),
      versions.versionFor("3", "unknown"),
      versions.versionFor("unknown", "1"),
    ]).toEqual(["1", "2", "2", "3", "unknown"]);
    expect([versions.differs("orders", "3", "2"), versions.differs("orders", "2", "3"), versions.differs("products", "3", "1")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each([
    ["order.id", "order.orderId", "order.number"],
    ["order.type", null, null],
    ["order.type.x", null, null],
    ["order.tags[0]", "order.labels", "order.labels"],
    ["order.lineItems[3].lineItem.sku", "order.lineItems[3].line_item.sku", "order.lineItems[3].line_item.sku"],
    ["order.lineItems[*].lineItem.hidden", null, null],
    ["order.note.x", "order.note.x", "order.note.x"],
    ["order", "order", "order"],
  ])("the path %s is called %s, and %s in the version before", (text, second, first) => {
    const path = parsePath(text, null);
    if (!path.ok) throw new Error(path.problem.message);
    const name = (to: string): string | null => {
      const converted = versions.convertPath("orders", "3", to, path.value);
      return converted === null ? null : printPath(converted);
    };
    expect([name("2"), name("1")]).toEqual([second, first]);
  });

  it("any payload: the result is JSON, and says the same of everything that no step speaks of", () => {
    const order = payload.map((source) => `{"order":{"id":1,"lineItems":[${source}],"x":${source},"tags":[${source}]}}`);
    fc.assert(
      fc.property(order, (source) => {
        expect(JSON.parse(down(source))).toEqual(rename(JSON.parse(source), /"tags":(\[.*\])\}\}$/s.exec(source)?.[1]));
      }),
      { numRuns: 1_000 },
    );
  });

  it("a step whose path cannot be read is refused where it is used, naming it", () => {
    const broken = new PayloadVersions({ versions: ["2", "1"], stepsTo: () => [{ drop: "order..x" }] });
    expect(() => broken.differs("orders", "2", "1")).toThrow("orders to 1: the path order..x of a conversion, column 7");
  });
});

/** The steps to version 2, the plain way. */
function rename(payload: unknown, tags?: string): unknown {
  if (typeof payload !== "object" || payload === null) return payload;
  const { order } = payload as { readonly order?: unknown };
  if (typeof order !== "object" || order === null || Array.isArray(order)) return payload;
  const { id, type: _, tags: list, lineItems, ...rest } = order as Record<string, unknown>;
  const items = Array.isArray(lineItems) ? lineItems.map(renameItem) : lineItems;
  return {
    order: {
      ...rest,
      ...("id" in order ? { orderId: id } : {}),
      ...("tags" in order ? { labels: Array.isArray(list) ? (tags ?? JSON.stringify(list)) : list } : {}),
      ...("lineItems" in order ? { lineItems: items } : {}),
    },
  };
}

function renameItem(item: unknown): unknown {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
  const { lineItemId, lineItem, ...rest } = item as Record<string, unknown>;
  const inner = typeof lineItem === "object" && lineItem !== null && !Array.isArray(lineItem) ? without(lineItem) : lineItem;
  return { ...rest, ...("lineItemId" in item ? { line_item_id: lineItemId } : {}), ...("lineItem" in item ? { line_item: inner } : {}) };
}

function without(item: object): unknown {
  const { hidden: _, ...rest } = item as Record<string, unknown>;
  return rest;
}
