import type { Comparison, FilterExpression, FilterTest, Literal, PayloadPath } from "@genhook/core";

/**
 * What a filter means, written as plainly as possible and in another way than the product: the payload is parsed whole by `JSON.parse` with its
 * numbers as text, numbers are compared as fractions of whole numbers, and every test looks at all values.
 */
export function oracle(filter: FilterExpression, payload: string): boolean {
  return holds(filter, parse(payload));
}

class Digits {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function parse(payload: string): unknown {
  const reviver = (_: string, value: unknown, context: { readonly source?: string }): unknown =>
    typeof value === "number" ? new Digits(context.source ?? "") : value;
  return JSON.parse(payload, reviver as (key: string, value: unknown) => unknown);
}

function holds(filter: FilterExpression, payload: unknown): boolean {
  switch (filter.kind) {
    case "and":
      return filter.parts.filter((part) => holds(part, payload)).length === filter.parts.length;
    case "or":
      return filter.parts.filter((part) => holds(part, payload)).length > 0;
    case "not":
      return !holds(filter.part, payload);
    case "compare":
    case "in":
    case "starts_with":
    case "exists": {
      const values = valuesAt(payload, filter.path);
      if (filter.kind === "compare" && filter.comparison === "!=") return values.every((value) => !isEqual(value, filter.literal));
      return values.some((value) => passes(value, filter));
    }
  }
}

function passes(value: unknown, test: FilterTest): boolean {
  switch (test.kind) {
    case "exists":
      return true;
    case "starts_with":
      return typeof value === "string" && value.slice(0, test.prefix.length) === test.prefix;
    case "in":
      return test.literals.some((literal) => isEqual(value, literal));
    case "compare":
      return test.comparison === "=" ? isEqual(value, test.literal) : isOrdered(value, test.comparison, test.literal);
  }
}

function valuesAt(payload: unknown, path: PayloadPath): unknown[] {
  let values = [payload];
  for (const part of path) {
    values = values.flatMap((value) => {
      if (part.kind === "member") {
        const isObject = typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Digits);
        return isObject && Object.hasOwn(value, part.name) ? [(value as Record<string, unknown>)[part.name]] : [];
      }
      if (!Array.isArray(value)) return [];
      return part.kind === "each" ? (value as unknown[]) : value.slice(part.index, part.index + 1);
    });
  }
  return values;
}

/** Numerator and denominator, exactly. */
function fraction(text: string): [bigint, bigint] | null {
  const match = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole = "", decimals = "", power = "0"] = match;
  const exponent = Number(power) - decimals.length;
  const digits = BigInt(whole + decimals) * (sign === "-" ? -1n : 1n);
  return exponent >= 0 ? [digits * 10n ** BigInt(exponent), 1n] : [digits, 10n ** BigInt(-exponent)];
}

function numberOf(value: unknown): [bigint, bigint] | null {
  return value instanceof Digits ? fraction(value.text) : typeof value === "string" ? fraction(value) : null;
}

function difference(a: [bigint, bigint], b: [bigint, bigint]): bigint {
  return a[0] * b[1] - b[0] * a[1];
}

function isEqual(value: unknown, literal: Literal): boolean {
  if (literal.kind === "null") return value === null;
  if (literal.kind === "boolean") return value === literal.value || value === String(literal.value);
  if (literal.kind === "text") {
    if (typeof value === "string") return value === literal.value;
    if (typeof value === "boolean") return String(value) === literal.value;
    const [a, b] = [value instanceof Digits ? fraction(value.text) : null, fraction(literal.value)];
    return a !== null && b !== null && difference(a, b) === 0n;
  }
  const [a, b] = [numberOf(value), fraction(literal.text)];
  return a !== null && b !== null && difference(a, b) === 0n;
}

function isOrdered(value: unknown, comparison: Comparison, literal: Literal): boolean {
  let order: number | null = null;
  if (literal.kind === "text") {
    if (typeof value === "string") order = value === literal.value ? 0 : value < literal.value ? -1 : 1;
  } else if (literal.kind === "number") {
    const [a, b] = [numberOf(value), fraction(literal.text)];
    if (a !== null && b !== null) order = difference(a, b) === 0n ? 0 : difference(a, b) < 0n ? -1 : 1;
  }
  if (order === null) return false;
  return { "<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0, "=": order === 0, "!=": order !== 0 }[comparison];
}
