import fc from "fast-check";
import { expect, test } from "vitest";
import { elementsOf, findDuplicate, JsonError, membersOf, skipSpace, valueEnd } from "../../src/http/json-bytes.ts";
import { readItem } from "../../src/http/publish/publish-item.ts";

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/);

/** The same value, written with white space wherever JSON allows it. */
function spaced(value: unknown, gap: () => string): string {
  if (Array.isArray(value)) return `[${gap()}${value.map((each) => spaced(each, gap)).join(`${gap()},${gap()}`)}${gap()}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}${gap()}:${gap()}${spaced(each, gap)}`);
    return `{${gap()}${members.join(`${gap()},${gap()}`)}${gap()}}`;
  }
  return JSON.stringify(value);
}

const spacedJson = (value: fc.Arbitrary<unknown>): fc.Arbitrary<{ text: string; value: unknown }> =>
  fc.tuple(value, fc.array(space, { minLength: 1, maxLength: 8 })).map(([each, gaps]) => {
    let at = 0;
    const gap = (): string => gaps[at++ % gaps.length] ?? "";
    return { text: `${gap()}${spaced(each, gap)}${gap()}`, value: each };
  });

test("an object is cut into exactly the members that JSON.parse finds", () => {
  fc.assert(
    fc.property(spacedJson(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true })), ({ text }) => {
      const bytes = Buffer.from(text);
      const members = membersOf(bytes, skipSpace(bytes, 0)).map(({ name, start, end }) => [
        name,
        JSON.parse(bytes.toString("utf8", start, end)),
      ]);
      expect(members).toEqual(Object.entries(JSON.parse(text) as object));
    }),
  );
});

test("a list is cut into exactly the elements that JSON.parse finds", () => {
  fc.assert(
    fc.property(spacedJson(fc.array(fc.jsonValue())), ({ text }) => {
      const bytes = Buffer.from(text);
      const { elements, end } = elementsOf(bytes, skipSpace(bytes, 0));
      expect(elements.map((slice) => JSON.parse(bytes.toString("utf8", slice.start, slice.end)) as unknown)).toEqual(JSON.parse(text));
      expect(skipSpace(bytes, end)).toBe(bytes.length);
    }),
  );
});

test("whatever bytes come, a cut list whose elements are all JSON is JSON, and nothing hangs or throws anything else", () => {
  const noise = fc.string({
    unit: fc.constantFrom("[", "]", "{", "}", ",", ":", '"', "\\", "1", "e", "t", "null", " ", "\n", "é"),
    maxLength: 40,
  });
  fc.assert(
    fc.property(noise, (text) => {
      const bytes = Buffer.from(`[${text}`);
      let isCut = false;
      try {
        const { elements, end } = elementsOf(bytes, 0);
        isCut = skipSpace(bytes, end) === bytes.length && elements.every((slice) => isJson(bytes.toString("utf8", slice.start, slice.end)));
      } catch (error) {
        expect(error).toBeInstanceOf(JsonError);
      }
      expect(isCut).toBe(isJson(`[${text}`));
    }),
    { numRuns: 3_000 },
  );
});

test("a payload goes on as the bytes it came as: numbers, order and white space survive", () => {
  const payload = '{ "order" : {"b":1.10,"a":12345678901234567890, "e":1E+2 ,"\\u0061":"\\/"} }';
  const item = readItem(Buffer.from(`{"topic":"orders/create",\n "payload" : ${payload} ,"shop":"a-shop.genmystore.com"}`));
  expect(item.ok && Buffer.from(item.request.payload).toString()).toBe(payload);
});

test.each([
  ['{"a":1,"a":2}', "a"],
  ['{"a":1,"\\u0061":2}', "a"],
  ['{"a":{"b":[{"c":1,"c":2}]}}', "a.b[0].c"],
  ['{"a":{"b":1},"c":{"b":1}}', null],
])("%s repeats %s", (text, path) => {
  expect(findDuplicate(Buffer.from(text))).toBe(path);
});

test("nesting is bounded, without recursion", () => {
  expect(() => valueEnd(Buffer.from("[".repeat(100_000)), 0)).toThrow(JsonError);
  expect(valueEnd(Buffer.from(`${"[".repeat(128)}${"]".repeat(128)}`), 0)).toBe(256);
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

test("texts end at their own quote, however long they are and wherever backslashes stand", () => {
  for (const length of [0, 1, 61, 62, 63, 64, 65, 66, 127, 128, 129, 1_000]) {
    for (const end of ["", "\\", '"', '\\"', '"\\', "\\\\", '\\\\"']) {
      const value = JSON.stringify({ text: `${"x".repeat(length)}${end}${"y".repeat(length)}${end}`, list: [end] });
      const bytes = Buffer.from(`${value},"`);
      expect(valueEnd(bytes, 0), value).toBe(value.length);
      expect(valueEnd(bytes, 8), value).toBe(value.indexOf(',"list"'));
      expect(() => valueEnd(bytes.subarray(0, value.length - 1), 0)).toThrow(JsonError);
    }
  }
});
