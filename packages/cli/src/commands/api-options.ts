import type { Route } from "@genhook/contract";

type Schema = NonNullable<Route["body"]>;
type Json = Readonly<Record<string, unknown>>;

/** How the text of an option becomes a member of a query or body. */
export type OptionKind =
  | { readonly type: "text" }
  /** `isAhead`: it lies in the future, so that `2h` means from now. */
  | { readonly type: "time"; readonly isAhead: boolean }
  | { readonly type: "number" }
  | { readonly type: "switch" }
  | { readonly type: "choice"; readonly choices: readonly string[] }
  | { readonly type: "texts" }
  /** `name=value`, given once for each member. */
  | { readonly type: "members"; readonly members: Readonly<Record<string, OptionKind>> }
  /** One `name=value,name=value` for each entry. */
  | { readonly type: "entries"; readonly members: Readonly<Record<string, OptionKind>> }
  | { readonly type: "json" };

export interface ApiOption {
  /** As on the wire. */
  readonly member: string;
  /** With dashes. */
  readonly flag: string;
  readonly kind: OptionKind;
  readonly isRequired: boolean;
  /** `null` is a value of its own: it takes away what was set. */
  readonly isNullable: boolean;
  /** What is expected, from the schema. */
  readonly expected: string | null;
}

/** The options that a closed object schema asks for; `without` are members that are given in another way. */
export function optionsOf(schema: Schema | undefined, without: readonly string[] = []): readonly ApiOption[] {
  const object = (schema ?? {}) as Json;
  const required = new Set((object["required"] ?? []) as string[]);
  return Object.entries(propertiesOf(object))
    .filter(([member]) => !without.includes(member))
    .map(([member, each]) => ({
      member,
      flag: dashed(member),
      kind: kindOf(each, member),
      isRequired: required.has(member),
      isNullable: Array.isArray(each["anyOf"]) && (each["anyOf"] as Json[]).some((branch) => branch["type"] === "null"),
      expected: typeof each["expected"] === "string" ? each["expected"] : null,
    }));
}

/** `{webhook: {…}}` → its name and what is inside; bodies with one object in them are written without it. */
export function innerBody(schema: Schema | undefined): { readonly root: string | null; readonly schema: Schema | undefined } {
  const properties = Object.entries(propertiesOf((schema ?? {}) as Json));
  const [only] = properties;
  if (properties.length === 1 && only !== undefined && only[1]["type"] === "object" && Object.keys(propertiesOf(only[1])).length > 0) {
    return { root: only[0], schema: only[1] };
  }
  return { root: null, schema };
}

function kindOf(schema: Json, member: string): OptionKind {
  const { anyOf } = schema;
  if (Array.isArray(anyOf)) return kindOfUnion(anyOf as Json[], member);
  switch (schema["type"]) {
    case "boolean":
      return { type: "switch" };
    case "integer":
    case "number":
      return { type: "number" };
    case "string":
      return /date and time/.test(String(schema["expected"])) ? { type: "time", isAhead: member.startsWith("ends") } : { type: "text" };
    case "array":
      return kindOfItems(schema["items"] as Json, member);
    case "object":
      return membersOf(schema, "members");
    default:
      return { type: "json" };
  }
}

function kindOfUnion(members: readonly Json[], member: string): OptionKind {
  const real = members.filter((each) => each["type"] !== "null");
  const choices = real.flatMap((each) => (typeof each["const"] === "string" ? [each["const"]] : []));
  if (choices.length === real.length) return { type: "choice", choices };
  const isTextual = members.every((each) => each["type"] === "string" || each["type"] === "integer" || Array.isArray(each["anyOf"]));
  if (isTextual) return { type: "text" };
  const [one, ...others] = real;
  return one !== undefined && others.length === 0 ? kindOf(one, member) : { type: "json" };
}

function kindOfItems(items: Json, member: string): OptionKind {
  const kind = kindOf(items, member);
  if (kind.type === "text" || kind.type === "choice") return { type: "texts" };
  return kind.type === "members" ? { type: "entries", members: kind.members } : { type: "json" };
}

function membersOf(schema: Json, type: "members"): OptionKind {
  const members = Object.entries(propertiesOf(schema)).map(([name, each]): [string, OptionKind] => [name, kindOf(each, name)]);
  return members.length === 0 ? { type: "json" } : { type, members: Object.fromEntries(members) };
}

function propertiesOf(schema: Json): Readonly<Record<string, Json>> {
  return (schema["properties"] ?? {}) as Readonly<Record<string, Json>>;
}

/** `createTimeMin` → `create-time-min`. */
export function dashed(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `create-time-min` → `createTimeMin`, as commander hands options out. */
export function camelCased(flag: string): string {
  return flag.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** What stands behind the flag in the help. */
export function placeholderOf(kind: OptionKind): string {
  switch (kind.type) {
    case "choice":
      return kind.choices.join("|");
    case "texts":
      return "a,b,…";
    case "members":
      return "name=value";
    case "entries":
      return Object.keys(kind.members)
        .map((name) => `${name}=…`)
        .join(",");
    case "json":
      return "json|@file";
    case "switch":
    case "text":
    case "time":
    case "number":
      return kind.type;
  }
}
