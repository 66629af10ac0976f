import fc from "fast-check";
import ipaddr from "ipaddr.js";
import { describe, expect, test } from "vitest";
import { checkAddress } from "../../src/send/address-guard.ts";
import { judgeIp, parseBlock } from "../../src/send/ip-ranges.ts";
import { SPECIAL_RANGES_4, SPECIAL_RANGES_6 } from "../../src/send/special-ranges.ts";

const PUBLIC = { allowPrivate: false };
const BITS = { 4: 32, 6: 128 } as const;
type Family = keyof typeof BITS;

/** Arithmetic of its own: nothing here goes through the code that it tests. */
function toNumber(text: string): bigint {
  if (!text.includes(":")) return text.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = "", tail] = text.split("::");
  const groups = (part: string): bigint[] => (part === "" ? [] : part.split(":").map((each) => BigInt(`0x${each}`)));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = Array.from({ length: tail === undefined ? 0 : 8 - left.length - right.length }, () => 0n);
  return [...left, ...zeros, ...right].reduce((sum, group) => sum * 65_536n + group, 0n);
}

function toText4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join(".");
}

function groupsOf(value: bigint): string[] {
  return Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - index * 16)) & 0xffffn).toString(16));
}

/** Spellings of one IPv6 address: full, upper case, padded, with its last 32 bits as IPv4. */
function spellings6(value: bigint): string[] {
  const groups = groupsOf(value);
  const full = groups.join(":");
  return [
    full,
    full.toUpperCase(),
    groups.map((each) => each.padStart(4, "0")).join(":"),
    `${groups.slice(0, 6).join(":")}:${toText4(value & 0xffff_ffffn)}`,
  ];
}

/** Spellings of one IPv4 address that a URL reads: dotted, decimal, octal, hexadecimal, short, mixed, full-width, with a trailing dot. */
function spellings4(value: bigint): string[] {
  const parts = [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn);
  const [a = 0n, b = 0n] = parts;
  const dotted = parts.join(".");
  return [
    dotted,
    `${dotted}.`,
    String(value),
    `0x${value.toString(16)}`,
    `0${value.toString(8)}`,
    parts.map((part) => `0x${part.toString(16).padStart(2, "0")}`).join("."),
    parts.map((part) => `0${part.toString(8)}`).join("."),
    `${a}.${value & 0xff_ffffn}`,
    `${a}.${b}.${value & 0xffffn}`,
    `${a}.0x${b.toString(16)}.0${(value & 0xffffn).toString(8)}`,
    dotted.replaceAll(".", "。"),
    dotted.replaceAll(".", "．"),
    dotted.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
    dotted.replace(/\d$/, (digit) => `%3${digit}`),
  ];
}

const insideOf = (block: string, family: Family): fc.Arbitrary<bigint> => {
  const [address = "", length = ""] = block.split("/");
  const free = BigInt(BITS[family] - Number(length));
  return fc.bigInt({ min: 0n, max: (1n << free) - 1n }).map((offset) => toNumber(address) + offset);
};

const isInside = (value: bigint, block: string, family: Family): boolean => {
  const [address = "", length = ""] = block.split("/");
  const free = BigInt(BITS[family] - Number(length));
  return value >> free === toNumber(address) >> free;
};

const isSpecial4 = (value: bigint): boolean => SPECIAL_RANGES_4.some(({ block }) => isInside(value, block, 4));
const any4 = fc.bigInt({ min: 0n, max: 0xffff_ffffn });
const private4 = fc.oneof(...SPECIAL_RANGES_4.map(({ block }) => insideOf(block, 4)));
const public4 = any4.filter((value) => !isSpecial4(value));

describe("every special range is refused, in every spelling", () => {
  test.each(SPECIAL_RANGES_4)("$block $name", ({ block }) => {
    fc.assert(
      fc.property(insideOf(block, 4), (value) => {
        expect(judgeIp(toText4(value))).not.toBeNull();
        for (const host of spellings4(value)) expect([host, checkAddress(`https://${host}/`, PUBLIC)]).toMatchObject([host, { ok: false }]);
      }),
    );
  });

  test.each(SPECIAL_RANGES_6)("$block $name", ({ block }) => {
    fc.assert(
      fc.property(insideOf(block, 6), (value) => {
        // Teredo and its like stand inside refused blocks, but are judged by what they carry.
        fc.pre(!isInside(value, "2001::/32", 6));
        for (const host of spellings6(value)) {
          expect([host, judgeIp(host)]).not.toEqual([host, null]);
          expect([host, checkAddress(`https://[${host}]/`, PUBLIC)]).toMatchObject([host, { ok: false }]);
        }
      }),
    );
  });

  test.each(["0.0.0.0", "255.255.255.255", ...SPECIAL_RANGES_4.map(({ block }) => block.split("/")[0] ?? "")])(
    "%s, the first of its block",
    (address) => {
      expect(judgeIp(address)).not.toBeNull();
    },
  );
});

/** Where an IPv6 address carries an IPv4 one. */
const CARRIERS: readonly (readonly [string, (inner: bigint, noise: bigint) => bigint])[] = [
  ["v4-mapped", (inner) => toNumber("::ffff:0:0") + inner],
  ["NAT64", (inner) => toNumber("64:ff9b::") + inner],
  ["6to4", (inner, noise) => toNumber("2002::") + (inner << 80n) + (noise & ((1n << 80n) - 1n))],
  ["Teredo's server", (inner, noise) => toNumber("2001::") + (inner << 64n) + (noise & ((1n << 64n) - 1n))],
  ["Teredo's client", (inner, noise) => toNumber("2001::") + ((noise & 0xffff_ffffn) << 64n) + (inner ^ 0xffff_ffffn)],
  ["ISATAP", (inner, noise) => toNumber("2606:4700::") + ((noise & 0xffff_ffffn) << 64n) + (0x5efen << 32n) + inner],
  ["ISATAP, universal", (inner) => toNumber("2606:4700::") + (0x200_5efen << 32n) + inner],
];
const noise = fc.bigInt({ min: 0n, max: (1n << 96n) - 1n });

describe("a private IPv4 address inside an IPv6 one is refused", () => {
  test.each(CARRIERS)("%s", (_, carry) => {
    fc.assert(
      fc.property(private4, noise, (inner, random) => {
        for (const host of spellings6(carry(inner, random))) expect([host, judgeIp(host)]).not.toEqual([host, null]);
      }),
    );
  });

  test("a public one inside is allowed, where it is meant to be reached that way", () => {
    fc.assert(
      fc.property(public4, (inner) => {
        for (const [name, carry] of CARRIERS.slice(0, 3))
          expect([name, judgeIp(groupsOf(carry(inner, 0n)).join(":"))]).toEqual([name, null]);
      }),
    );
  });
});

test("every other IPv4 address is allowed", () => {
  fc.assert(
    fc.property(public4, (value) => {
      expect([toText4(value), judgeIp(toText4(value))]).toEqual([toText4(value), null]);
    }),
    { numRuns: 2_000 },
  );
});

test("of IPv6, nothing outside 2000::/3 is allowed but what carries a public IPv4 address", () => {
  const outside = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }).filter((value) => value >> 125n !== 1n);
  fc.assert(
    fc.property(outside, (value) => {
      fc.pre(!isInside(value, "::ffff:0:0/96", 6) && !isInside(value, "64:ff9b::/96", 6));
      expect(judgeIp(groupsOf(value).join(":"))).not.toBeNull();
    }),
    { numRuns: 2_000 },
  );
});

test("whatever the library of ranges calls special is refused here too", () => {
  const near = fc.oneof(...SPECIAL_RANGES_6.map(({ block }) => insideOf(block, 6)), fc.bigInt({ min: 1n << 125n, max: (1n << 126n) - 1n }));
  fc.assert(
    fc.property(
      fc.oneof(
        any4.map(toText4),
        near.map((value) => groupsOf(value).join(":")),
      ),
      (text) => {
        const range = ipaddr.parse(text).range();
        fc.pre(!["unicast", "ipv4Mapped", "rfc6052", "6to4", "teredo"].includes(range));
        expect([text, judgeIp(text)]).not.toEqual([text, null]);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("what is no IP address is never taken for one that may be dialled", () => {
  fc.assert(fc.property(fc.string(), (text) => judgeIp(text) !== null || ipaddr.isValid(text)));
});

test("an operator's own networks are refused as well, also inside IPv6", () => {
  const further = ["8.8.8.0/24", "2606:4700::/32", "1.1.1.1"].map((text) => parseBlock(text)).filter((block) => block !== null);
  expect(further).toHaveLength(3);
  for (const text of ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]) {
    expect([text, judgeIp(text, further)]).toEqual([text, expect.stringContaining("refused by setting")]);
  }
  for (const text of ["8.8.9.8", "1.1.1.2", "2606:4701::1"]) expect([text, judgeIp(text, further)]).toEqual([text, null]);
  for (const text of ["", "8.8.8.8/33", "8.8.8/24/1", "2001:db8::/129", "example.com", "8.8.8.8/-1"]) expect(parseBlock(text)).toBeNull();
});
