import { explainMiss, parseFilter, parsePath } from "@genhook/core";
import { describe, expect, it } from "vitest";
import { compileFilter } from "../../src/filter/compile-filter.ts";
import { areRelated, type PayloadPath } from "../../src/filter/payload-path.ts";
import { JsonNode } from "../../src/json/json-node.ts";

const ORDER = `{"order": {"id": 9007199254740993, "number": "1001", "totalPrice": "409.94", "note": null, "test": "false", "open": true,
  "financialStatus": "paid", "createTime": "2024-12-30T23:59:59Z", "customer": {"id": "1020000013062", "odd name": 1},
  "lineItems": [{"sku": "P001", "quantity": 2, "price": 190.00}, {"sku": "P002", "quantity": "1"}], "tags": []}}`;

function says(source: string, json = ORDER): boolean {
  const parsed = parseFilter(source, "order");
  if (!parsed.ok) throw new Error(`${source}: ${parsed.problem.column}: ${parsed.problem.message}`);
  return compileFilter(parsed.value)(new JsonNode(json), { steps: 1_000_000 }) === "matched";
}

describe("a filter", () => {
  it.each([
    ["order.id = 9007199254740993"],
    ['order.id = "9007199254740993"'],
    ["order.id != 9007199254740992"],
    ["order.id > 9007199254740992"],
    ["order.number = 1001"],
    ['order.number = "1001"'],
    ["order.totalPrice = 409.940"],
    ["order.totalPrice >= 409.94 and order.totalPrice < 409.95"],
    ["order.lineItems[0].price = 190"],
    ["order.note = null"],
    ["exists order.note"],
    ["exists(order.customer)"],
    ["not exists order.customer.email"],
    ["order.test = false"],
    ['order.open = "true"'],
    ["order.open != false"],
    ['order.financialStatus in ("authorized", "paid")'],
    ['order.financialStatus not in ("pending")'],
    ["order.id in (1, 9007199254740993)"],
    ['order.createTime >= "2024-12-30" and order.createTime < "2024-12-31"'],
    ["order.financialStatus starts_with 'pa'"],
    ['order.lineItems[*].sku = "P002"'],
    ["order.lineItems[*].quantity > 1"],
    ['order.customer["odd name"] = 1'],
    ['["order"].customer.id starts_with "102"'],
    ["order.id = 1 or order.open = true and order.number = 1001"],
    ["NOT (order.id = 1 OR order.number = 5)"],
    ['order.lineItems[*].sku != "P003"'],
    ["not order.customer.age > 18"],
    ["order.customer.age != 18"],
  ])("%s", (source) => expect(says(source)).toBe(true));

  it.each([
    ["order.id = 9007199254740992"],
    ['order.number = "1001.0"'],
    ["order.id < 9007199254740993"],
    ["order.customer.email = null"],
    ["order.customer.age > 18"],
    ["order.tags[*] = 1"],
    ["exists order.tags[0]"],
    ["order.lineItems[2].sku = 'P003'"],
    ['order.lineItems[*].sku != "P001"'],
    ["order.customer = 1"],
    ['order.id starts_with "9"'],
    ["order.lineItems.sku = 'P001'"],
    ["order.financialStatus = true"],
    ["order.financialStatus > 5"],
  ])("not %s", (source) => expect(says(source)).toBe(false));

  it("says of what it did not match, and why", () => {
    const why = (source: string): string => {
      const parsed = parseFilter(source, "order");
      return parsed.ok ? explainMiss(parsed.value, new JsonNode(ORDER)) : parsed.problem.message;
    };
    expect(why("order.open = true and order.totalPrice > 500")).toBe('order.totalPrice > 500 does not hold: it is "409.94"');
    expect(why("not order.open = true")).toBe("order.open = true holds: it is true");
    expect(why("order.customer.age > 18 or order.id = 1")).toBe("order.customer.age > 18 does not hold: order.customer.age is not there");
    expect(why("order.lineItems[*].sku = 'X'")).toBe(
      'order.lineItems[*].sku = "X" does not hold: order.lineItems[*].sku has several values',
    );
    expect(why("order.customer = 1")).toBe("order.customer = 1 does not hold: it is an object");
  });
});

describe("a filter that cannot be read", () => {
  it.each([
    ["", 1, "a path such as order.id was expected, but the text ends here"],
    ["order.id", 9, "a test (= != < <= > >= in starts_with) after the path was expected, but the text ends here"],
    ["order.id == 1", 10, '"==" is not known here; write ='],
    ["order.id = 1 && order.id = 2", 14, '"&&" is not known here; write and'],
    ["!order.open", 1, '"!" is not known here; write not, or != to compare'],
    ["order.id = order.number", 12, 'a number, a text in quotes, true, false or null after = was expected, but "order" stands here'],
    ["order.id = 1 order.id = 2", 14, 'and, or, or the end was expected, but "order" stands here'],
    ["(order.id = 1", 14, '")", and, or or was expected, but the text ends here'],
    ["order.id in ()", 14, 'a number, a text in quotes, true, false or null in the list was expected, but ")" stands here'],
    ["order.id in 5", 13, '"(" after in was expected, but the number 5 stands here'],
    ["id = 5", 1, "paths begin at the payload's root, which is order here: write order.…"],
    ['order.totalPrice > "100"', 20, 'as a text, "9" comes after "10"; to compare numbers leave the quotes away: 100'],
    ["order.open > true", 14, "> compares numbers or texts; for true use = or !="],
    ['order.note = "open', 14, 'the text that begins here has no closing "'],
    ['"😀" order.id', 1, "a path such as order.id was expected, but a text in quotes stands here"],
    ["order.note = '😀' %", 18, '"%" has no meaning here'],
    ["order.number = 0123", 16, "a number does not begin with 0; write an id with leading zeros as text"],
    ["order.number = 12abc", 18, "a number ends before a letter; put texts in quotes"],
    [
      "order.lineItems[-1].sku = 1",
      17,
      'a place from 0, "*" for every element, or a member\'s name in quotes, after "[" was expected, but the number -1 stands here',
    ],
    ["order..id = 1", 7, 'a member\'s name after the dot was expected, but "." stands here'],
    ["order.note = 'a\nb'", 16, "a text may not go over a line; write \\n, or \\t for a tab"],
    ["order.note = '\\q'", 15, "after a backslash one of \" ' \\ / b f n r t u was expected"],
    ["order.note = '\\u12g4'", 15, "four hex digits were expected after \\u"],
    ["order.id not 5", 14, "in was expected, but the number 5 stands here"],
    ["order.id starts_with 5", 22, "a text in quotes after starts_with was expected, but the number 5 stands here"],
  ])("%s", (source, column, message) => {
    expect(parseFilter(source, "order")).toEqual({ ok: false, problem: { column, message } });
  });
});

describe("paths", () => {
  const at = (text: string): PayloadPath => {
    const parsed = parsePath(text, null);
    if (!parsed.ok) throw new Error(parsed.problem.message);
    return parsed.value;
  };

  it.each([
    ["order.note", "order.note", true],
    ["order", "order.note", true],
    ["order.customer.email", "order.customer", true],
    ["order.lineItems[*].sku", "order.lineItems[3]", true],
    ["order.lineItems[*].sku", "order.lineItems[3].price", false],
    ["order.lineItems[2]", "order.lineItems[3]", false],
    ["order.note", "order.notes", false],
    ["order.tags[0]", "order.tags.first", false],
    ["product.note", "order.note", false],
  ])("%s and %s: %s", (a, b, related) => {
    expect([areRelated(at(a), at(b)), areRelated(at(b), at(a))]).toEqual([related, related]);
  });
});
