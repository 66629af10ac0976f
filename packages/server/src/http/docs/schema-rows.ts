/** One member of a body, an answer or a payload, as the pages show it. */
export interface SchemaRow {
  /** `webhook.topic`, `webhooks[].address`. */
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string;
}

type Schema = Readonly<Record<string, unknown>>;

const DEPTH_MAX = 8;
const ROWS_MAX = 400;

/** All members of a schema, the outer ones before the inner ones. */
export function schemaRows(schema: unknown): readonly SchemaRow[] {
  const rows: SchemaRow[] = [];
  addMembers(rows, asSchema(schema), asSchema(schema), "", 0);
  return rows;
}

/** What a value may be, in a few words: `text`, `whole number or text`, `"active" or "paused"`. */
export function typeOf(schema: unknown, root: unknown = schema): string {
  const own = resolve(asSchema(schema), asSchema(root));
  const anyOf = own["anyOf"];
  if (Array.isArray(anyOf)) return [...new Set(anyOf.map((each: unknown) => typeOf(each, root)))].join(" or ");
  if ("const" in own) return JSON.stringify(own["const"]);
  if (Array.isArray(own["enum"])) return own["enum"].map((each: unknown) => JSON.stringify(each)).join(" or ");
  switch (own["type"]) {
    case "string":
      return "text";
    case "integer":
      return "whole number";
    case "array":
      return `list of ${typeOf(own["items"], root)}`;
    case "boolean":
      return "true or false";
    default:
      return typeof own["type"] === "string" ? own["type"] : "anything";
  }
}

function addMembers(rows: SchemaRow[], schema: Schema, root: Schema, at: string, depth: number): void {
  const own = resolve(schema, root);
  if (depth > DEPTH_MAX || rows.length >= ROWS_MAX) return;
  const anyOf = own["anyOf"];
  if (Array.isArray(anyOf)) {
    for (const each of anyOf) addMembers(rows, asSchema(each), root, at, depth + 1);
    return;
  }
  if (own["type"] === "array") {
    addMembers(rows, asSchema(own["items"]), root, `${at}[]`, depth + 1);
    return;
  }
  const required = new Set((own["required"] ?? []) as readonly string[]);
  for (const [name, member] of Object.entries(asSchema(own["properties"]))) {
    const path = at === "" ? name : `${at}.${name}`;
    if (rows.some((row) => row.path === path)) continue;
    rows.push({ path, type: typeOf(member, root), isRequired: required.has(name), description: descriptionOf(asSchema(member)) });
    addMembers(rows, asSchema(member), root, path, depth + 1);
  }
}

function descriptionOf(schema: Schema): string {
  const { description, expected } = schema;
  if (typeof description === "string") return description;
  return typeof expected === "string" ? expected : "";
}

/** Follows a reference within the same schema; operators' topics may have them. */
function resolve(schema: Schema, root: Schema): Schema {
  const reference = schema["$ref"];
  if (typeof reference !== "string" || !reference.startsWith("#/")) return schema;
  let at: unknown = root;
  for (const part of reference.slice(2).split("/")) at = asSchema(at)[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  return asSchema(at);
}

function asSchema(value: unknown): Schema {
  return typeof value === "object" && value !== null ? (value as Schema) : {};
}
