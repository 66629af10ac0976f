import { printPath, type PayloadPath } from "./payload-path.ts";

export type Literal =
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" };

export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** What a filter says, as a tree. `and` and `or` have at least two parts, `in` at least one literal. */
export type FilterExpression =
  | { readonly kind: "and" | "or"; readonly parts: readonly FilterExpression[] }
  | { readonly kind: "not"; readonly part: FilterExpression }
  | FilterTest;

/** A statement about the values at a path. */
export type FilterTest =
  | { readonly kind: "compare"; readonly path: PayloadPath; readonly comparison: Comparison; readonly literal: Literal }
  | { readonly kind: "in"; readonly path: PayloadPath; readonly literals: readonly Literal[] }
  | { readonly kind: "starts_with"; readonly path: PayloadPath; readonly prefix: string }
  | { readonly kind: "exists"; readonly path: PayloadPath };

/** The filter as it is written; what `parseFilter` reads as the same tree. */
export function printFilter(filter: FilterExpression): string {
  switch (filter.kind) {
    case "and":
      return filter.parts
        .map((part) => (part.kind === "and" || part.kind === "or" ? `(${printFilter(part)})` : printFilter(part)))
        .join(" and ");
    case "or":
      return filter.parts.map((part) => (part.kind === "or" ? `(${printFilter(part)})` : printFilter(part))).join(" or ");
    case "not":
      return filter.part.kind === "and" || filter.part.kind === "or"
        ? `not (${printFilter(filter.part)})`
        : `not ${printFilter(filter.part)}`;
    case "compare":
      return `${printPath(filter.path)} ${filter.comparison} ${printLiteral(filter.literal)}`;
    case "in":
      return `${printPath(filter.path)} in (${filter.literals.map(printLiteral).join(", ")})`;
    case "starts_with":
      return `${printPath(filter.path)} starts_with ${JSON.stringify(filter.prefix)}`;
    case "exists":
      return `exists ${printPath(filter.path)}`;
  }
}

export function printLiteral(literal: Literal): string {
  switch (literal.kind) {
    case "number":
      return literal.text;
    case "text":
      return JSON.stringify(literal.value);
    case "boolean":
      return String(literal.value);
    case "null":
      return "null";
  }
}
