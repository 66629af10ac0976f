import { createHmac } from "node:crypto";
import { ReceiverError, verifyQuery } from "@genhook/receiver";
import { fuzz } from "@genhook/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";

const SECRET = "a-client-secret-of-the-platform";

/** The signature by another hand: parameters sorted by name, as they stand. */
function sign(parts: readonly string[]): string {
  const sorted = [...parts].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0));
  return createHmac("sha256", SECRET).update(sorted.join("&")).digest("hex");
}

function nameOf(part: string): string {
  return part.includes("=") ? part.slice(0, part.indexOf("=")) : part;
}

const piece = fc.oneof(
  fc.constantFrom("shop", "code", "state", "timestamp", "hmac2", "Hmac", "a", "A", "ab"),
  fc.string({ unit: fc.constantFrom(...Array.from("abAB01-._~%2F+[]:@!$'()*,;")), minLength: 1, maxLength: 8 }),
);
const value = fc.oneof(
  fc.constant(""),
  fc.string({ unit: fc.constantFrom(...Array.from("abAB01-._~%2F+=/?:@")), maxLength: 20 }),
  fc.webUrl().map(encodeURIComponent),
);
const parts = fc.array(
  fc.tuple(piece, fc.option(value)).map(([name, text]) => (text === null ? name : `${name}=${text}`)),
  { maxLength: 12 },
);

async function isTaken(query: string): Promise<boolean> {
  try {
    await verifyQuery(query, SECRET);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(ReceiverError);
    return false;
  }
}

test("fuzz query hmac: what the platform signed is taken wherever the parameter stands, and nothing else is", async () => {
  await fuzz("query hmac", fc.tuple(parts, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 90 })), async ([signed, where, at, by]) => {
    const good = [...signed];
    good.splice(where % (signed.length + 1), 0, `hmac=${sign(signed)}`);
    const query = good.join("&");
    expect(await isTaken(query), query).toBe(true);
    expect(await isTaken(`https://app.example.com/install?${query}#fragment`), query).toBe(true);
    // One character is another one: what is signed then differs, or the signature does.
    const index = at % query.length;
    const changed = query.slice(0, index) + String.fromCharCode(33 + ((query.charCodeAt(index) - 33 + by) % 93)) + query.slice(index + 1);
    if (changed !== query && meansAnother(query, changed)) expect(await isTaken(changed), `${query} → ${changed}`).toBe(false);
  });
});

/** Whether two queries are two to somebody who sorts, leaves empty parts away, cuts at `#` and reads hex in any case. */
function meansAnother(a: string, b: string): boolean {
  const read = (query: string): string => {
    const all = query
      .replace(/#.*$/s, "")
      .replace(/^\?/, "")
      .split("&")
      .filter((part) => part !== "");
    const rest = all.filter((part) => nameOf(part) !== "hmac").sort((x, y) => (nameOf(x) < nameOf(y) ? -1 : nameOf(x) > nameOf(y) ? 1 : 0));
    return JSON.stringify([rest, all.filter((part) => nameOf(part) === "hmac").map((part) => part.toLowerCase())]);
  };
  return read(a) !== read(b);
}

test("fuzz query noise: whatever is given, the answer is yes or a reason", async () => {
  await fuzz(
    "query noise",
    fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string().map((text) => `hmac=${text}`),
      fc.webUrl(),
    ),
    async (query) => {
      expect(await isTaken(query)).toBe(false);
    },
  );
});
