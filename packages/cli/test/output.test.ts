import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Table, type Column } from "../src/output/table.ts";
import { wantsColour } from "../src/output/terminal.ts";
import { cut, harmless, oneLine, widthOf, wrap } from "../src/output/text.ts";
import { formatSpan, readTime, relativeTime, showTime } from "../src/output/time.ts";
import { nearest } from "../src/did-you-mean.ts";
import { readEndpointAddress } from "../src/endpoint-address.ts";
import { parseExact } from "../src/exact-json.ts";
import { NOW, runCommand } from "./harness.ts";

describe("an endpoint's address", () => {
  it("is on this machine where it begins with a port, which is no host far away", () => {
    for (const text of [":3000/hooks", "3000/hooks", "localhost:3000/hooks", "http://localhost:3000/hooks"]) {
      expect(readEndpointAddress(text, "It").href).toBe("http://localhost:3000/hooks");
    }
    expect(readEndpointAddress("3000", "It").href).toBe("http://localhost:3000/");
    expect(readEndpointAddress("https://127.0.0.1:3000/x", "It").href).toBe("https://127.0.0.1:3000/x");
    for (const text of ["99999/hooks", "ftp://localhost", "http://a@localhost"])
      expect(() => readEndpointAddress(text, "It")).toThrow(/^(It|An address)/);
  });
});

describe("text of others", () => {
  it("cannot move the cursor, colour the screen, set a title or turn the direction of reading", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        // oxlint-disable-next-line no-control-regex -- they are what must not be there
        expect(oneLine(text)).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/);
      }),
    );
    expect(harmless("a\u001b[31mb\u0007")).toBe("a\\u001b[31mb\\u0007");
    expect(oneLine("one\r\n  two\tthree")).toBe("one two three");
  });

  it("is measured in columns and cut to them", () => {
    expect(["abc", "日本", "é", "e\u0301", "👍", "\u001b[31mred\u001b[39m"].map(widthOf)).toEqual([3, 4, 1, 1, 2, 3]);
    expect(cut("日本語テキスト", 7)).toBe("日本語…");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (text, width) => widthOf(cut(text, width)) <= width),
    );
    expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
  });
});

describe("tables", () => {
  const columns: readonly Column<readonly string[]>[] = [
    { title: "ID", text: ([id = ""]) => id, isKey: true },
    { title: "ADDRESS", text: ([, address = ""]) => address, cutTo: 12 },
    { title: "NOTE", text: ([, , note = ""]) => note },
  ];
  const rows = [["1", "https://app.example/a/long/address", "short"]];

  it("are never wider than the terminal while there is anything to give up", () => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 120 }), (width) => {
        const lines = new Table(columns, { width, hasColour: false }).lines(rows);
        return lines.every((line) => widthOf(line) <= width);
      }),
    );
  });

  it("shrink what may shrink, then leave out from the right, and never a key", () => {
    const at = (width: number): string[] => new Table(columns, { width, hasColour: false }).lines(rows);
    expect(at(80)).toEqual(["ID  ADDRESS                             NOTE", "1   https://app.example/a/long/address  short"]);
    expect(at(30)).toEqual(["ID  ADDRESS              NOTE", "1   https://app.exampl…  short"]);
    expect(at(20)).toEqual(["ID  ADDRESS", "1   https://app.exa…"]);
    expect(at(3)).toEqual(["ID", "1"]);
  });

  it("keep their widths over pages", () => {
    const table = new Table(columns, { width: Number.POSITIVE_INFINITY, hasColour: false });
    table.lines([["1", "abc", "x"]]);
    expect(table.lines([["2", "d", "y"]])).toEqual(["2   d        y"]);
  });
});

describe("times", () => {
  it("are told in the largest unit that says something", () => {
    expect([0, 12, 999, 1_200, 12_000, 65_000, 3_600_000, 5_400_000, 90_000_000, 950_400_000].map(formatSpan)).toEqual([
      "0 ms",
      "12 ms",
      "999 ms",
      "1.2 s",
      "12 s",
      "1 m 5 s",
      "1 h",
      "1 h 30 m",
      "1 d 1 h",
      "11 d",
    ]);
    expect(relativeTime(NOW - 61_000, NOW)).toBe("1 m ago");
    expect(relativeTime(NOW + 61_000, NOW)).toBe("in 1 m");
    expect(relativeTime(NOW + 61, NOW)).toBe("now");
    expect(showTime("2026-01-15T11:57:00.123456789Z", { isUtc: true, now: NOW })).toBe("2026-01-15T11:57:00.123Z");
    expect(showTime(null, { isUtc: true, now: NOW })).toBe("–");
  });

  it.each([
    ["15m", "2026-01-15T11:45:00.000Z"],
    ["2h", "2026-01-15T10:00:00.000Z"],
    ["3d", "2026-01-12T12:00:00.000Z"],
    ["now", "2026-01-15T12:00:00.000Z"],
    ["2025-01-31", "2025-01-31T00:00:00.000Z"],
    ["2025-01-31T12:00:00.123456789Z", "2025-01-31T12:00:00.123456789Z"],
    ["2025-01-31T12:00:00+01:00", "2025-01-31T12:00:00+01:00"],
    ["yesterday", null],
    ["15 minutes", null],
    ["2025-13-01", null],
    ["", null],
  ])("%s is read as %s", (text, time) => expect(readTime(text, NOW)).toBe(time));
});

describe("colours", () => {
  it.each([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: "1" }, true, false],
    [{ NO_COLOR: "" }, true, true],
    [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
    [{ FORCE_COLOR: "1" }, false, true],
    [{ FORCE_COLOR: "0" }, true, false],
    [{ TERM: "dumb" }, true, false],
  ])("with %o on a terminal %s: %s", (environment, isTty, wants) => expect(wantsColour(environment, isTty)).toBe(wants));

  it("are used for errors where they are wanted, and only there", async () => {
    expect((await runCommand(["verify"], { hasColour: true })).error).toContain("\u001b[31m");
    expect((await runCommand(["verify"])).error).not.toContain("\u001b");
  });
});

describe("small things", () => {
  it("finds what was probably meant", () => {
    const topics = ["orders/create", "orders/update", "orders/paid", "products/create"];
    expect(nearest("orders/created", topics)).toEqual(["orders/create", "orders/update"]);
    expect(nearest("order/paid", topics)).toEqual(["orders/paid"]);
    expect(nearest("paid", topics)).toEqual(["orders/paid"]);
    expect(nearest("refunds/create", topics)).not.toContain("orders/paid");
    expect(nearest("xyz", topics)).toEqual([]);
  });

  it("reads JSON so that every number is written as it came", () => {
    for (const text of ['{"id":9223372036854775807,"total":12.00,"e":1e3,"n":-0,"ok":5,"deep":[0.10]}', "12.00", "[]", '"x"', "null"]) {
      expect(JSON.stringify(parseExact(text))).toBe(text);
    }
    expect(parseExact('{"a":5}')).toEqual({ a: 5 });
    expect(() => parseExact("{")).toThrow(SyntaxError);
  });
});
