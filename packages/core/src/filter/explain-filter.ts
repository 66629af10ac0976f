import { compileFilter, someAt } from "./compile-filter.ts";
import { printFilter, type FilterExpression, type FilterTest } from "./filter-expression.ts";
import { printPath } from "./payload-path.ts";
import type { JsonNode } from "../json/json-node.ts";
import { FILTER_STEPS_MAX } from "../limits.ts";

/** Characters of a value that an explanation quotes. */
const QUOTED_MAX = 60;

/**
 * Why a payload does not pass a filter: the first test that decides it, with what stands there instead. To be asked only where the filter
 * was found not to match; the text is for people.
 */
export function explainMiss(filter: FilterExpression, payload: JsonNode): string {
  return explain(filter, payload, false);
}

/** Why the filter is what it `is`. */
function explain(filter: FilterExpression, payload: JsonNode, is: boolean): string {
  switch (filter.kind) {
    case "not":
      return explain(filter.part, payload, !is);
    case "and":
    case "or": {
      // One part alone decides when an `and` is false or an `or` is true; otherwise all do, and the first speaks for them.
      const deciding = filter.parts.find((part) => holds(part, payload) === is) ?? filter.parts[0];
      return deciding === undefined ? printFilter(filter) : explain(deciding, payload, is);
    }
    case "compare":
    case "in":
    case "starts_with":
    case "exists":
      return `${printFilter(filter)} ${is ? "holds" : "does not hold"}: ${stand(filter, payload)}`;
  }
}

function stand(test: FilterTest, payload: JsonNode): string {
  const values: JsonNode[] = [];
  try {
    someAt(payload, test.path, { steps: FILTER_STEPS_MAX }, (node) => values.push(node) > 1);
  } catch {
    return `${printPath(test.path)} has too many values`;
  }
  const [first] = values;
  if (first === undefined) return `${printPath(test.path)} is not there`;
  if (values.length > 1) return `${printPath(test.path)} has several values`;
  if (first.kind === "object" || first.kind === "list") return `it is ${first.kind === "list" ? "a list" : "an object"}`;
  const { raw } = first;
  return `it is ${raw.length > QUOTED_MAX ? `${raw.slice(0, QUOTED_MAX)}…` : raw}`;
}

function holds(filter: FilterExpression, payload: JsonNode): boolean {
  return compileFilter(filter)(payload, { steps: FILTER_STEPS_MAX }) === "matched";
}
