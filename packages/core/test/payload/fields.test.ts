import { compileFields, parsePath, printPath, project, type PayloadPath } from "@genhook/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { path, payload } from "../filter/expressions.ts";

function at(text: string): PayloadPath {
  const parsed = parsePath(text, null);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.value;
}
const cut = (source: string, ...fields: string[]): string => project(source, compileFields(fields.map(at)));

const ORDER = `{ "order" : {"id":300157930096874123,"note":"caf\\u00e9 \\/ x", "totalPrice" : 1.10e2, "customer":{"id":"1","email":null},
 "lineItems":[ {"sku":"P1","quantity": 2, "price":190.00}, {"sku":"P2"} , {"quantity":1.0} ],"big":[1,2, 3], "customer2": null}}\n`;

describe("fields", () => {
  it("cuts chosen values out as they stand, in the payload's order, with nothing between", () => {
    expect(cut(ORDER, "order.totalPrice", "order.id")).toBe('{"order":{"id":300157930096874123,"totalPrice":1.10e2}}');
    expect(cut(ORDER, "order.note", "order.customer")).toBe('{"order":{"note":"caf\\u00e9 \\/ x","customer":{"id":"1","email":null}}}');
  });

  it("goes through lists, keeps what has none of it as it is without it, and leaves out what is not there", () => {
    expect(cut(ORDER, "order.lineItems[*].sku")).toBe('{"order":{"lineItems":[{"sku":"P1"},{"sku":"P2"},{}]}}');
    expect(cut(ORDER, "order.lineItems[*].quantity", "order.lineItems[*].sku", "order.big")).toBe(
      '{"order":{"lineItems":[{"sku":"P1","quantity":2},{"sku":"P2"},{"quantity":1.0}],"big":[1,2, 3]}}',
    );
    expect(cut(ORDER, "order.missing", "order.customer.missing", "order.customer2.id", "order.id.x", "order.big.x")).toBe(
      '{"order":{"customer":{}}}',
    );
    expect(cut(ORDER, "order.big[*].x")).toBe('{"order":{"big":[]}}');
    expect(cut(ORDER, "product.id")).toBe("{}");
  });

  it("a name with escapes is the same name, and of one that repeats the last counts", () => {
    expect(cut('{"\\u006frder":{"id":1,"x":2,"id":3}}', "order.id")).toBe('{"\\u006frder":{"id":3}}');
  });

  it("lists that send the same have the same key, others have not", () => {
    const key = (...fields: string[]): string => compileFields(fields.map(at)).key;
    expect(key("order.id", "order.note")).toBe(key("order.note", "order.id", "order.id"));
    expect(key("order.customer", "order.customer.id")).toBe(key("order.customer"));
    expect(key("order.lineItems[*].sku")).not.toBe(key("order.lineItems"));
    expect(key('order["a.b"]')).not.toBe(key("order.a.b"));
  });

  const fields = fc.array(
    path.map((each) => each.filter((part) => part.kind !== "index")),
    { minLength: 1, maxLength: 4 },
  );

  it("any payload: valid JSON, the same as choosing from the parsed payload, the same again from its own result", () => {
    fc.assert(
      fc.property(payload, fields, (source, paths) => {
        const compiled = compileFields(paths);
        const result = project(source, compiled);
        expect(JSON.parse(result)).toEqual(choose(JSON.parse(source), paths) ?? {});
        expect(project(result, compiled)).toBe(result);
        expect(project(source, compileFields(paths.toReversed()))).toBe(result);
      }),
      { numRuns: 3_000 },
    );
  });

  it("every number, text and name of the result stands in the payload exactly so", () => {
    fc.assert(
      fc.property(payload, fields, (source, paths) => {
        const pieces = (text: string): string[] => text.match(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g) ?? [];
        const there = new Set(pieces(source));
        for (const piece of pieces(project(source, compileFields(paths)))) expect(there.has(piece), piece).toBe(true);
      }),
    );
  });
});

/** The plain way; undefined where nothing was chosen. */
function choose(value: unknown, paths: readonly PayloadPath[]): unknown {
  if (paths.some((each) => each.length === 0)) return value;
  const rests = (fits: (part: PayloadPath[number]) => boolean): PayloadPath[] =>
    paths.filter(([part]) => part !== undefined && fits(part)).map((each) => each.slice(1));
  if (Array.isArray(value)) {
    const below = rests((part) => part.kind === "each");
    if (below.length === 0) return undefined;
    return value.map((each) => choose(each, below)).filter((each) => each !== undefined);
  }
  if (typeof value !== "object" || value === null || rests((part) => part.kind === "member").length === 0) return undefined;
  const chosen: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const below = rests((part) => part.kind === "member" && part.name === name);
    const piece = below.length === 0 ? undefined : choose(member, below);
    if (piece !== undefined) chosen[name] = piece;
  }
  return chosen;
}

it("paths print as they were written", () => {
  for (const text of ["order.lineItems[*].sku", 'order["odd name"].x', '["in"].x', "order.in", "order.a[0][1]"])
    expect(printPath(at(text))).toBe(text);
});
