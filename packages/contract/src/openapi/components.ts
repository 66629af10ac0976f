import type { TSchema } from "typebox";
import * as app from "../app-api/schemas.ts";
import * as apps from "../apps-api/schemas.ts";
import * as replays from "../platform-api/replay-routes.ts";
import * as platform from "../platform-api/schemas.ts";

export type Json = Readonly<Record<string, unknown>>;

/** Entries and request bodies have names in the document: they are described once and referred to. */
const NAMED = /^(?:Webhook|.*(?:Entry|Create|Put|Update|Rotation|Test))$/;

/** Schemas by the object that they are, with their names in the document. */
const NAMES: ReadonlyMap<unknown, string> = new Map(
  [app, apps, platform, replays]
    .flatMap((schemas) => Object.entries(schemas as Readonly<Record<string, unknown>>))
    .filter(([name, schema]) => NAMED.test(name) && typeof schema === "object" && schema !== null && "type" in schema)
    .map(([name, schema]) => [schema, name]),
);

/** The named schemas, as `components.schemas` has them. */
export function namedSchemas(): Json {
  const sorted = [...NAMES].sort(([, a], [, b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([schema, name]) => [name, describe(schema, true)]));
}

/** A schema as it stands in the document: named ones as references, what is expected as the description. */
export function schemaOf(schema: TSchema): unknown {
  return describe(schema, false);
}

function describe(value: unknown, isDefinition: boolean): unknown {
  const name = NAMES.get(value);
  if (name !== undefined && !isDefinition) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(value)) return value.map((each) => describe(each, false));
  if (typeof value !== "object" || value === null) return value;
  const { expected, ...rest } = value as Record<string, unknown>;
  const described = typeof expected === "string" && rest["description"] === undefined ? { description: sentence(expected) } : {};
  return { ...Object.fromEntries(Object.entries(rest).map(([key, each]) => [key, describe(each, false)])), ...described };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
