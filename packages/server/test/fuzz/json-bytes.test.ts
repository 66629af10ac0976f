import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { fuzz } from "@genhook/testkit";
import { expect, test } from "vitest";
import { ApiError } from "../../src/http/api-error.ts";
import { readExact, readItem } from "../../src/http/publish/publish-item.ts";
import { parseJson } from "../../src/http/request-body.ts";
import { almostJson, hasDuplicate, jsonText, readJson } from "./json-texts.ts";

/** What JSON.parse says, with what the server asks for beyond it: bytes that are UTF-8, and no byte order mark. */
function oracle(bytes: Buffer): { readonly value: unknown } | null {
  const text = bytes.toString("utf8");
  if (!isUtf8(bytes) || bytes.length === 0 || text.startsWith("\ufeff")) return null;
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

function codeOf(act: () => unknown): string {
  try {
    act();
    return "taken";
  } catch (error) {
    if (error instanceof ApiError) return error.error.code;
    throw error;
  }
}

const texts = fc.oneof({ weight: 3, arbitrary: almostJson }, { weight: 2, arbitrary: jsonText.map((text) => Buffer.from(text)) });
const noise = fc.oneof(
  texts,
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);

test("a request body is JSON exactly when JSON.parse says so, but for members that stand twice", async () => {
  await fuzz("request body", noise, (bytes) => {
    const expected = oracle(bytes);
    const code = codeOf(() => {
      expect(parseJson(bytes)).toEqual(expected?.value);
    });
    if (expected === null) expect(code).toBe("malformed_json");
    else expect(code).toBe(hasDuplicate(readJson(bytes.toString("utf8"))) ? "duplicate_member" : "taken");
  });
});

test("a published item's payload is the bytes that JSON.parse reads the payload from", async () => {
  const envelopes = fc
    .tuple(jsonText, fc.constantFrom("", " ", "\n\t"), fc.constantFrom('"payload"', '"pay\\u006coad"'))
    .map(([payload, space, name]) =>
      Buffer.from(`{"shop":"a.genmystore.com",${space}${name}${space}:${space}${payload}${space},"topic":"orders/create"}`),
    );
  await fuzz("published item", fc.oneof(envelopes, texts), (bytes) => {
    fc.pre(isUtf8(bytes) && bytes[0] !== 0xef);
    const expected = oracle(bytes);
    const item = readItem(bytes);
    if (expected === null) {
      expect(item).toMatchObject({ ok: false, error: { code: "malformed_json" } });
      return;
    }
    const read = readJson(bytes.toString("utf8"));
    if (read.kind !== "object") {
      expect(item).toMatchObject({ ok: false, error: { code: "invalid_member" } });
      return;
    }
    const names = read.members.map(([name]) => name);
    if (new Set(names).size < names.length) expect(item).toMatchObject({ ok: false, error: { code: "duplicate_member" } });
    else if (!item.ok) expect(["missing_member", "unknown_member", "invalid_member"]).toContain(item.error.code);
    else {
      const { payload } = expected.value as { payload: unknown };
      expect(JSON.parse(Buffer.from(item.request.payload).toString("utf8"))).toEqual(payload);
      expect(item.request.payloadValue).toEqual(payload);
      expect(bytes.includes(Buffer.from(item.request.payload))).toBe(true);
    }
  });
});

test("an exact-bytes payload is taken exactly when it is an object, and goes on untouched", async () => {
  await fuzz("exact-bytes payload", noise, (bytes) => {
    fc.pre(isUtf8(bytes) && bytes[0] !== 0xef && bytes.length > 0);
    const expected = oracle(bytes);
    const item = readExact(bytes, { shop: "a.genmystore.com", topic: "orders/create" });
    const isObject = typeof expected?.value === "object" && expected.value !== null && !Array.isArray(expected.value);
    expect(item.ok).toBe(isObject);
    if (item.ok) expect(Buffer.from(item.request.payload).equals(bytes)).toBe(true);
    else expect(item.error.code).toBe(expected === null ? "malformed_json" : "invalid_member");
  });
});
