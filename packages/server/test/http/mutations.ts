import type { Route } from "@genhook/contract";

/** One thing that is wrong with an otherwise right body, and how it must be answered. */
export interface Mutation {
  readonly what: string;
  /** The body as text: some wrongs cannot be said in a value. */
  readonly raw: string;
  readonly code: string;
  readonly member: string;
}

type Schema = Readonly<Record<string, unknown>>;
type Place = readonly (string | number)[];

const SAMPLES: readonly (readonly [type: string, value: unknown])[] = [
  ["null", null],
  ["boolean", true],
  ["number", 1.5],
  ["string", ""],
  ["array", []],
  ["object", {}],
];

/** Everything that a schema refuses about one member at a time: gone, too much, of another type, too long, twice, or named like a trap. */
export function mutationsOf(schema: NonNullable<Route["body"]>, example: unknown): readonly Mutation[] {
  const found: Mutation[] = [];
  const root = schema as unknown as Schema;
  for (const [type, value] of SAMPLES) {
    if (type !== "object") found.push(mutation(`the whole body is ${type}`, value, "invalid_member", "body"));
  }
  visit(root, example, [], (place, own) => {
    found.push(...ofObject(own, example, place));
  });
  return found;
}

function ofObject(schema: Schema, example: unknown, place: Place): Mutation[] {
  const found: Mutation[] = [];
  const properties = (schema["properties"] ?? {}) as Readonly<Record<string, Schema>>;
  const required = (schema["required"] ?? []) as readonly string[];
  const own = at(example, place) as Readonly<Record<string, unknown>>;
  for (const name of required) {
    const { [name]: _, ...rest } = own;
    found.push(mutation(`${show(place, name)} is gone`, put(example, place, rest), "missing_member", show(place, name)));
  }
  if (schema["additionalProperties"] === false) {
    for (const name of ["surplus", "__proto__", "constructor", "toString"]) {
      found.push({
        ...mutation(`${show(place, name)} is there`, "", "unknown_member", show(place, name)),
        raw: withMember(example, place, name, "1"),
      });
    }
  }
  const [first] = Object.keys(own);
  if (first !== undefined) {
    const raw = withMember(example, place, first, JSON.stringify(own[first]));
    found.push({ ...mutation(`${show(place, first)} stands twice`, "", "duplicate_member", show(place, first)), raw });
  }
  for (const [name, member] of Object.entries(properties)) found.push(...ofMember(member, example, place, name));
  return found;
}

function ofMember(schema: Schema, example: unknown, place: Place, name: string): Mutation[] {
  const member = show(place, name);
  const own = at(example, place) as Readonly<Record<string, unknown>>;
  const set = (what: string, value: unknown, wrong = member): Mutation =>
    mutation(`${member} is ${what}`, put(example, place, { ...own, [name]: value }), "invalid_member", wrong);
  const types = typesOf(schema);
  const found = types.has("any") ? [] : SAMPLES.filter(([type]) => !types.has(type)).map(([type, value]) => set(type, value));
  for (const form of formsOf(schema)) {
    if (typeof form["maxLength"] === "number") found.push(set("too long", "a".repeat(form["maxLength"] + 1)));
    if (typeof form["pattern"] === "string" && !types.has("any")) found.push(set("text of another form", "\u0000 no"));
    if (typeof form["maxItems"] === "number") {
      const items: unknown[] = Array.from({ length: form["maxItems"] + 1 }, () => fitting(form["items"] as Schema));
      if (items.every((item) => item !== undefined)) found.push(set("too long a list", items));
    }
    if (form["type"] === "array" && formsOf(schema).length === 1 && !typesOf(form["items"] as Schema).has("object"))
      found.push(set("a list of something else", [{}], `${member}[0]`));
  }
  return found;
}

/** Visits every object of the schema that the example has. */
function visit(schema: Schema, value: unknown, place: Place, found: (place: Place, schema: Schema) => void): void {
  for (const form of formsOf(schema)) {
    if (form["type"] === "array" && Array.isArray(value)) {
      value.forEach((each, index) => visit(form["items"] as Schema, each, [...place, index], found));
    }
    const properties = form["properties"] as Readonly<Record<string, Schema>> | undefined;
    if (form["type"] !== "object" || properties === undefined || typeof value !== "object" || value === null) continue;
    if (Object.keys(properties).length === 0) continue;
    found(place, form);
    for (const [name, member] of Object.entries(properties)) {
      if (Object.hasOwn(value, name)) visit(member, Reflect.get(value, name), [...place, name], found);
    }
  }
}

function formsOf(schema: Schema): readonly Schema[] {
  const anyOf = schema["anyOf"] as readonly Schema[] | undefined;
  return anyOf === undefined ? [schema] : anyOf.flatMap(formsOf);
}

/** JSON types that a schema takes. */
function typesOf(schema: Schema): ReadonlySet<string> {
  const types = new Set<string>();
  for (const form of formsOf(schema)) {
    const type = "const" in form ? typeof form["const"] : ((form["type"] ?? "any") as string);
    types.add(type === "integer" ? "number" : type);
  }
  return types;
}

/** Some value that fits a list's items; undefined where none is known. */
function fitting(schema: Schema): unknown {
  const [form = schema] = formsOf(schema);
  const pattern = form["pattern"];
  if (form["type"] === "string" && typeof pattern === "string") {
    return ["read_orders", "https://partners.example.com"].find((text) => new RegExp(pattern).test(text));
  }
  if (form["type"] === "string") return "order.id";
  if (form["type"] !== "object") return undefined;
  return { topic: "orders/create", address: "https://app.example.com/hooks" };
}

function mutation(what: string, value: unknown, code: string, member: string): Mutation {
  return { what, raw: JSON.stringify(value), code, member };
}

function at(value: unknown, place: Place): unknown {
  return place.reduce<unknown>((container, key) => Reflect.get(container as object, key), value);
}

function put(value: unknown, place: Place, inner: unknown): unknown {
  const [key, ...rest] = place;
  if (key === undefined) return inner;
  const changed = put(Reflect.get(value as object, key), rest, inner);
  return Array.isArray(value) ? value.with(Number(key), changed) : { ...(value as object), [key]: changed };
}

/** The example as text, with one more member in the object at this place, whatever it is called. */
function withMember(example: unknown, place: Place, name: string, value: string): string {
  const mark = "mark-of-the-place";
  const marked = JSON.stringify(put(example, place, mark));
  const own = JSON.stringify(at(example, place));
  const inner = own === "{}" ? "" : `,${own.slice(1, -1)}`;
  return marked.replace(JSON.stringify(mark), () => `{${JSON.stringify(name)}:${value}${inner}}`);
}

function show(place: Place, name: string): string {
  const path = [...place, name].map((part, index) => (typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`));
  return path.join("");
}
