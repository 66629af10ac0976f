import { DECIMAL_LENGTH_MAX } from "../limits.ts";

/**
 * A number as it is written, of any size and precision: its value is 0.`digits` × 10^`exponent`, with neither a leading nor a trailing zero in
 * `digits`. Floating point would make one of two neighbouring 64-bit ids, and 0.1 + 0.2 of a price.
 */
export interface Decimal {
  readonly sign: -1 | 0 | 1;
  readonly digits: string;
  readonly exponent: number;
}

const ZERO: Decimal = { sign: 0, digits: "", exponent: 0 };
/** Digits of an exponent: what JSON allows beyond it is no number that anybody compares. */
const EXPONENT_DIGITS_MAX = 9;

/** Reads a text in the form of a JSON number (RFC 8259, section 6); null for anything else, and for more than 400 characters. */
export function readDecimal(text: string): Decimal | null {
  if (text.length === 0 || text.length > DECIMAL_LENGTH_MAX) return null;
  const isNegative = text.charCodeAt(0) === 0x2d;
  const whole = isNegative ? 1 : 0;
  const wholeEnd = digitsEnd(text, whole);
  if (wholeEnd === whole || (wholeEnd > whole + 1 && text[whole] === "0")) return null;
  let at = wholeEnd;
  let fraction = "";
  if (text[at] === ".") {
    const end = digitsEnd(text, at + 1);
    if (end === at + 1) return null;
    fraction = text.slice(at + 1, end);
    at = end;
  }
  const exponent = readExponent(text, at);
  if (exponent === null) return null;
  return normalise(isNegative, text.slice(whole, wholeEnd) + fraction, wholeEnd - whole + exponent);
}

/** Negative, zero or positive, as for `sort`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.sign !== b.sign) return a.sign - b.sign;
  if (a.exponent !== b.exponent) return a.sign * (a.exponent - b.exponent);
  if (a.digits === b.digits) return 0;
  return a.digits < b.digits ? -a.sign : a.sign;
}

function readExponent(text: string, start: number): number | null {
  if (start === text.length) return 0;
  if (text[start] !== "e" && text[start] !== "E") return null;
  const isNegative = text[start + 1] === "-";
  const first = isNegative || text[start + 1] === "+" ? start + 2 : start + 1;
  const end = digitsEnd(text, first);
  if (end === first || end !== text.length || end - first > EXPONENT_DIGITS_MAX) return null;
  const exponent = Number(text.slice(first, end));
  return isNegative ? -exponent : exponent;
}

function normalise(isNegative: boolean, digits: string, exponent: number): Decimal {
  let start = 0;
  while (digits[start] === "0") start += 1;
  if (start === digits.length) return ZERO;
  let end = digits.length;
  while (digits[end - 1] === "0") end -= 1;
  return { sign: isNegative ? -1 : 1, digits: digits.slice(start, end), exponent: exponent - start };
}

function digitsEnd(text: string, start: number): number {
  let at = start;
  while (text.charCodeAt(at) >= 0x30 && text.charCodeAt(at) <= 0x39) at += 1;
  return at;
}
