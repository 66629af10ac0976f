import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import type { ContractError, ErrorCode } from "./errors.ts";

/** Null when the value fits; otherwise the first member that does not, in the wire's spelling, and what is expected there. */
export type Check = (value: unknown) => ContractError | null;

interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: Record<string, unknown>;
  readonly message: string;
}

/** Compiles a schema once; the check is cheap when the value fits. `at` is put before member names (`webhook` …). */
export function compile(schema: TSchema, at = ""): Check {
  const compiled = Compile(schema);
  return (value) => (compiled.Check(value) ? null : explain(schema, compiled.Errors(value), { value, at }));
}

/** What was checked, and what stands before the names of its members. */
interface Checked {
  readonly value: unknown;
  readonly at: string;
}

function explain(schema: TSchema, errors: readonly SchemaError[], checked: Checked): ContractError {
  const [first] = errors;
  if (first === undefined)
    return { code: "invalid_member", message: "The value is not allowed.", member: checked.at === "" ? "body" : checked.at };
  const missing = firstOf(first.params["requiredProperties"]);
  const unknown = errors.find((error) => error.keyword === "additionalProperties" && covers(error, first));
  const unknownName = firstOf(unknown?.params["additionalProperties"]);
  if (first.keyword === "required" && missing !== null) {
    // A member that is missing beside one that nobody knows is often the same, misspelt.
    const isBeside = unknownName !== null && unknown?.instancePath === first.instancePath;
    const says = isBeside ? `is required; ${unknownName.slice(0, 100)} is not known here` : "is required";
    return found("missing_member", `${first.instancePath}/${missing}`, checked, says);
  }
  if (unknown !== undefined && unknownName !== null) {
    return found(
      "unknown_member",
      `${unknown.instancePath}/${unknownName}`,
      checked,
      "is not known here; leave it out or mend its spelling",
    );
  }
  // A union reports each branch and then itself; the union knows what is expected, a branch only what it wanted.
  const union = errors.find(
    (error) =>
      error.keyword === "anyOf" && first.instancePath.startsWith(error.instancePath) && first.schemaPath.startsWith(error.schemaPath),
  );
  const error = union !== undefined && union.instancePath === first.instancePath ? union : first;
  return found("invalid_member", error.instancePath, checked, `must be ${expectation(schema, error)}`);
}

function covers(unknown: SchemaError, first: SchemaError): boolean {
  return first.instancePath === unknown.instancePath || first.instancePath.startsWith(`${unknown.instancePath}/`);
}

function firstOf(names: unknown): string | null {
  const first: unknown = Array.isArray(names) ? names[0] : undefined;
  return typeof first === "string" ? first : null;
}

function found(code: ErrorCode, pointer: string, checked: Checked, says: string): ContractError {
  const member = memberOf(pointer, checked);
  return { code, message: `${member} ${says}.`, member };
}

/** `/webhooks/0/topic` → `webhooks[0].topic`; a number is an index only where there is a list. */
function memberOf(pointer: string, { value, at }: Checked): string {
  let member = at;
  let container: unknown = value;
  for (const raw of pointer.split("/").slice(1)) {
    const name = raw.replaceAll("~1", "/").replaceAll("~0", "~");
    const part = name.slice(0, 100);
    if (Array.isArray(container)) member += `[${part}]`;
    else member += member === "" ? part : `.${part}`;
    container = typeof container === "object" && container !== null && Object.hasOwn(container, name) ? Reflect.get(container, name) : null;
  }
  return member === "" ? "body" : member;
}

function expectation(schema: TSchema, error: SchemaError): string {
  const expected = lookUp(schema, error.schemaPath)?.["expected"];
  if (typeof expected === "string") return expected;
  return (
    error.message
      .replace(/^must (be|match|have|not)\b ?/, (_, verb: string) => (verb === "be" ? "" : `such that it must ${verb} `))
      .trim() || "another value"
  );
}

function lookUp(schema: TSchema, path: string): Record<string, unknown> | null {
  let at: unknown = schema;
  for (const part of path.split("/").slice(1)) {
    if (typeof at !== "object" || at === null) return null;
    at = (at as Record<string, unknown>)[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return typeof at === "object" && at !== null ? (at as Record<string, unknown>) : null;
}
