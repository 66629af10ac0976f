import { readdirSync } from "node:fs";
import { ROUTES, type Route } from "@genhook/contract";
import type { TSchema } from "typebox";

type Json = Readonly<Record<string, unknown>>;

/** Schemas that have a name of their own, wherever they stand: their types are written once and referred to. */
const NAMES: ReadonlyMap<unknown, string> = new Map(
  (await exportedSchemas(["app-api", "apps-api", "platform-api"])).map(([name, schema]) => [schema, name]),
);

async function exportedSchemas(folders: readonly string[]): Promise<readonly [name: string, schema: unknown][]> {
  const files = folders.flatMap((folder) =>
    readdirSync(new URL(`../src/${folder}`, import.meta.url)).map((file) => `../src/${folder}/${file}`),
  );
  const modules = await Promise.all(
    files.map((file): Promise<Record<string, unknown>> => import(file) as Promise<Record<string, unknown>>),
  );
  return modules
    .flatMap((module) => Object.entries(module))
    .filter(([name]) => /(Entry|^Webhook)$/.test(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** `packages/contract/src/client/operations.ts`: every call of the APIs as types, and the little that is needed to make it. */
export function clientOperations(): string {
  const routes = ROUTES.filter((route) => route.api !== "open");
  return [
    "/* oxlint-disable max-lines -- made from the route table */",
    "// Made from `packages/contract/src/routes.ts` by `npm run golden:update`.",
    'import type { OperationRow } from "./operation-row.ts";',
    "",
    ...[...NAMES].map(([schema, name]) => `export type ${name} = ${typeOf(schema as Json, schema as Json)};\n`),
    "/** What each call takes and answers. */",
    "export interface Operations {",
    ...routes.map((route) => `  /** ${route.method} ${route.path}: ${route.summary}. */\n  ${route.operation}: ${operationType(route)};`),
    "}",
    "",
    "/** Where each call goes. `entries`: the member of its answer that holds a page's entries. */",
    "export const OPERATIONS: { readonly [Name in keyof Operations]: OperationRow } = {",
    ...routes.map((route) => `  ${route.operation}: ${rowOf(route)},`),
    "};",
    "",
  ].join("\n");
}

function rowOf(route: Route): string {
  const entries = entriesOf(route);
  return JSON.stringify({ method: route.method, path: route.path, api: route.api, ...(entries === null ? {} : { entries }) });
}

/** The one list of an answer that is paged. */
function entriesOf(route: Route): string | null {
  const query = propertiesOf(route.query);
  if (query["pageToken"] === undefined) return null;
  const lists = Object.entries(propertiesOf(route.answer)).filter(([, schema]) => schema["type"] === "array");
  return lists.length === 1 ? (lists[0]?.[0] ?? null) : null;
}

function operationType(route: Route): string {
  const params = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? "").filter((name) => name !== "version");
  const input = [
    ...(params.length === 0 ? [] : [`params: { ${params.map((name) => `${name}: string | number`).join("; ")} }`]),
    ...(route.query === undefined ? [] : [`query?: ${queryType(route.query)}`]),
    ...(route.body === undefined ? [] : [`body: ${typeOf(route.body as Json)}`]),
  ];
  const entries = entriesOf(route);
  const entry = entries === null ? "" : `; entry: ${typeOf(propertiesOf(route.answer)[entries]?.["items"] as Json)}`;
  return `{ input: { ${input.join("; ")} }; answer: ${typeOf(route.answer as Json)}${entry} }`;
}

/** In a query everything is text in the end: numbers are taken where text is. */
function queryType(query: TSchema): string {
  return `{ ${Object.entries(propertiesOf(query))
    .map(([name, schema]) => `${name}?: ${schema["type"] === "string" ? "string | number" : typeOf(schema)}`)
    .join("; ")} }`;
}

function propertiesOf(schema: TSchema | undefined): Readonly<Record<string, Json>> {
  const properties: unknown = schema === undefined ? {} : Reflect.get(schema, "properties");
  return (properties ?? {}) as Readonly<Record<string, Json>>;
}

/** The type that a JSON Schema of the contract describes. */
function typeOf(schema: Json, defining: Json | null = null): string {
  const name = NAMES.get(schema);
  if (name !== undefined && schema !== defining) return name;
  if (Array.isArray(schema["anyOf"])) {
    const members = (schema["anyOf"] as Json[]).flatMap((each) => (each["anyOf"] === undefined ? [each] : (each["anyOf"] as Json[])));
    return [...new Set(members.map((each) => typeOf(each)))].join(" | ");
  }
  if (Array.isArray(schema["allOf"])) return (schema["allOf"] as Json[]).map((each) => typeOf(each)).join(" & ");
  if ("const" in schema) return JSON.stringify(schema["const"]);
  switch (schema["type"]) {
    case "object":
      return objectType(schema);
    case "array":
      return `readonly (${typeOf(schema["items"] as Json)})[]`;
    case "integer":
      return "number";
    case "number":
    case "string":
    case "boolean":
    case "null":
      return schema["type"];
    default:
      return "unknown";
  }
}

function objectType(schema: Json): string {
  const properties = Object.entries((schema["properties"] ?? {}) as Record<string, Json>);
  if (properties.length === 0) {
    const isMap = typeof schema["patternProperties"] === "object" || typeof schema["additionalProperties"] === "object";
    return isMap || schema["additionalProperties"] !== false ? "Readonly<Record<string, unknown>>" : "Readonly<Record<never, never>>";
  }
  const required = new Set((schema["required"] ?? []) as string[]);
  const members = properties.map(([name, each]) => {
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    return `readonly ${key}${required.has(name) ? "" : "?"}: ${typeOf(each)}`;
  });
  return `{ ${members.join("; ")} }`;
}
