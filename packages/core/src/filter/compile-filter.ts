import type { JsonNode } from "../json/json-node.ts";
import { FILTER_STEPS_MAX } from "../limits.ts";
import { compareDecimals, readDecimal } from "./decimal.ts";
import type { Comparison, FilterExpression, FilterTest, Literal } from "./filter-expression.ts";
import type { PayloadPath } from "./payload-path.ts";

/** Counts the values that are looked at; at 0 the filter is not decided. */
export interface StepBudget {
  steps: number;
}

export type FilterOutcome = "matched" | "not_matched" | "too_costly";

/** Decides about one payload. Total: whatever the payload holds, it answers, within the budget and `FILTER_STEPS_MAX`. */
export type CompiledFilter = (payload: JsonNode, budget: StepBudget) => FilterOutcome;

/** Holds for one payload; throws `TooCostly`. */
type Condition = (payload: JsonNode, budget: StepBudget) => boolean;

class TooCostly extends Error {}
const TOO_COSTLY = new TooCostly("a filter looked at too many values");

/**
 * Two-valued logic: a test about what is not there, or is of another type, does not hold, and `not` turns that round. So the laws of logic
 * hold, and `!=`, which is `not =`, holds for a missing value. Where a path has several values, one that fits is enough.
 */
export function compileFilter(filter: FilterExpression): CompiledFilter {
  const condition = compile(filter);
  return (payload, budget) => {
    const own = { steps: Math.min(budget.steps, FILTER_STEPS_MAX) };
    const before = own.steps;
    try {
      return condition(payload, own) ? "matched" : "not_matched";
    } catch (error) {
      if (error === TOO_COSTLY) return "too_costly";
      throw error;
    } finally {
      budget.steps -= before - Math.max(0, own.steps);
    }
  };
}

/** Calls `visit` for each value at the path until it answers true; answers whether it did. Throws where the budget is used up. */
export function someAt(node: JsonNode, path: PayloadPath, budget: StepBudget, visit: (node: JsonNode) => boolean, from = 0): boolean {
  budget.steps -= 1;
  if (budget.steps < 0) throw TOO_COSTLY;
  const part = path[from];
  if (part === undefined) return visit(node);
  if (part.kind === "member") {
    const member = node.member(part.name);
    return member !== undefined && someAt(member, path, budget, visit, from + 1);
  }
  const elements = node.elements(FILTER_STEPS_MAX + 1);
  if (part.kind === "each") return elements.some((element) => someAt(element, path, budget, visit, from + 1));
  if (part.index > FILTER_STEPS_MAX && elements.length > FILTER_STEPS_MAX) throw TOO_COSTLY;
  const element = elements[part.index];
  return element !== undefined && someAt(element, path, budget, visit, from + 1);
}

function compile(filter: FilterExpression): Condition {
  switch (filter.kind) {
    case "and": {
      const parts = filter.parts.map(compile);
      return (payload, budget) => parts.every((part) => part(payload, budget));
    }
    case "or": {
      const parts = filter.parts.map(compile);
      return (payload, budget) => parts.some((part) => part(payload, budget));
    }
    case "not": {
      const part = compile(filter.part);
      return (payload, budget) => !part(payload, budget);
    }
    case "compare":
    case "in":
    case "starts_with":
    case "exists": {
      const { path } = filter;
      const fits = fitter(filter);
      const isNegated = filter.kind === "compare" && filter.comparison === "!=";
      return (payload, budget) => someAt(payload, path, budget, fits) !== isNegated;
    }
  }
}

/** Whether one value passes a test; for `!=`, whether it is equal. */
function fitter(test: FilterTest): (node: JsonNode) => boolean {
  switch (test.kind) {
    case "exists":
      return () => true;
    case "starts_with":
      return (node) => node.kind === "text" && node.text.startsWith(test.prefix);
    case "in": {
      const equals = test.literals.map(equalTo);
      return (node) => equals.some((equal) => equal(node));
    }
    case "compare":
      return test.comparison === "=" || test.comparison === "!=" ? equalTo(test.literal) : orderedTo(test.comparison, test.literal);
  }
}

/** Numbers are equal by value, whether either side is written as a number or as text; texts are equal by their characters. */
function equalTo(literal: Literal): (node: JsonNode) => boolean {
  switch (literal.kind) {
    case "null":
      return (node) => node.kind === "null";
    case "boolean": {
      const text = String(literal.value);
      return (node) => (node.kind === "boolean" && node.raw === text) || (node.kind === "text" && node.text === text);
    }
    case "text": {
      const { value } = literal;
      const decimal = readDecimal(value);
      return (node) => {
        if (node.kind === "text") return node.text === value;
        if (node.kind === "boolean") return node.raw === value;
        if (node.kind !== "number" || decimal === null) return false;
        const other = readDecimal(node.raw);
        return other !== null && compareDecimals(other, decimal) === 0;
      };
    }
    case "number": {
      const decimal = readDecimal(literal.text);
      return (node) => {
        const other = decimalOf(node);
        return other !== null && decimal !== null && compareDecimals(other, decimal) === 0;
      };
    }
  }
}

function orderedTo(comparison: Comparison, literal: Literal): (node: JsonNode) => boolean {
  const isUpward = comparison === ">" || comparison === ">=";
  const withEqual = comparison === "<=" || comparison === ">=";
  const holds = (order: number): boolean => (order === 0 ? withEqual : order > 0 === isUpward);
  if (literal.kind === "text") {
    const { value } = literal;
    return (node) => node.kind === "text" && holds(node.text < value ? -1 : node.text > value ? 1 : 0);
  }
  const decimal = literal.kind === "number" ? readDecimal(literal.text) : null;
  return (node) => {
    const other = decimalOf(node);
    return other !== null && decimal !== null && holds(compareDecimals(other, decimal));
  };
}

function decimalOf(node: JsonNode): ReturnType<typeof readDecimal> {
  if (node.kind === "number") return readDecimal(node.raw);
  return node.kind === "text" ? readDecimal(node.text) : null;
}
