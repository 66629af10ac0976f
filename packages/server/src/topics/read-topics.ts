import {
  API_VERSIONS,
  closed,
  compile,
  CURRENT_VERSION,
  NAME_LENGTH_MAX,
  SCOPES_MAX,
  TOPIC_LENGTH_MAX,
  type Topic,
} from "@genhook/contract";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Type, type TSchema } from "typebox";
import { findDuplicate, JsonError, skipSpace, valueEnd } from "../http/json-bytes.ts";
import { makePayloads } from "../runtime/payload-forms.ts";
import { valuesAt } from "../secrets/subjects.ts";

/** Topics of a file: more than any platform has by a wide margin. */
const TOPICS_MAX = 500;

const NAME = "^[a-zA-Z][a-zA-Z0-9_]*/[a-zA-Z][a-zA-Z0-9_]*$";
const Text = (lengthMax: number, expected = `text of 1 to ${lengthMax} characters`): TSchema =>
  Type.String({ minLength: 1, maxLength: lengthMax, expected });
const SCHEMA = { schema: Type.Object({}, { expected: "a JSON Schema as an object" }) };
const Path = Text(NAME_LENGTH_MAX, "a path such as points.customer.id");
const Step = Type.Union([closed({ rename: Path, to: Text(NAME_LENGTH_MAX) }), closed({ drop: Path }), closed({ asText: Path })], {
  expected: '{"rename": path, "to": name}, {"drop": path} or {"asText": path}',
});
const Version = closed(SCHEMA, { expected: "an object with a schema" });
const OlderVersion = closed(
  { ...SCHEMA, fromNewer: Type.Optional(Type.Array(Step, { maxItems: 100, expected: "a list of at most 100 steps" })) },
  { expected: "an object with a schema and the steps fromNewer" },
);

const Entry = closed(
  {
    name: Type.String({ pattern: NAME, maxLength: TOPIC_LENGTH_MAX, expected: "domain/event, such as loyalty/pointsEarned" }),
    domain: Type.Optional(Text(NAME_LENGTH_MAX)),
    title: Text(NAME_LENGTH_MAX),
    description: Type.Optional(Text(2_000)),
    audience: Type.Optional(Type.Union([Type.Literal("shop"), Type.Literal("app")], { expected: "shop or app" })),
    scopes: Type.Array(Type.String({ pattern: "^[a-z][a-z0-9_]{2,63}$", expected: "a scope such as read_orders" }), {
      maxItems: SCOPES_MAX,
      expected: "a list of scopes, any one of which is enough; empty where none is needed",
    }),
    root: Text(NAME_LENGTH_MAX, "the name of the payload's one member"),
    subjects: Type.Optional(
      Type.Array(Text(NAME_LENGTH_MAX), { expected: "a list of paths to customers' ids, such as points.customer.id" }),
    ),
    madeByGenhook: Type.Optional(Type.Literal(false, { expected: "false, or left out" })),
    versions: closed(
      Object.fromEntries(API_VERSIONS.map((version) => [version, version === CURRENT_VERSION ? Version : Type.Optional(OlderVersion)])),
      { expected: `an object: API version → {"schema": …}, with at least ${CURRENT_VERSION}` },
    ),
    sample: Type.Object({}, { expected: "one whole payload as an object" }),
  },
  { expected: "an object" },
);
const File = closed(
  { topics: Type.Array(Type.Unknown(), { maxItems: TOPICS_MAX, expected: `a list of at most ${TOPICS_MAX} topics` }) },
  { expected: 'an object with the list "topics"' },
);

const checkFile = compile(File);
const checkEntry = compile(Entry);

interface EntryShape extends Partial<Omit<Topic, "versions">> {
  readonly name: string;
  readonly title: string;
  readonly scopes: readonly string[];
  readonly root: string;
  readonly versions: Topic["versions"];
  readonly sample: Readonly<Record<string, unknown>>;
}

/** Reads topics in the form in which `GET /platform/v1/topics` shows them. Every error names its entry; names that are taken are refused. */
export function readTopics(
  text: string,
  taken: ReadonlySet<string>,
): { readonly topics: readonly Topic[]; readonly errors: readonly string[] } {
  const file = readJson(text);
  if ("error" in file) return { topics: [], errors: [file.error] };
  const misfit = checkFile(file.value);
  if (misfit !== null) return { topics: [], errors: [misfit.message] };
  const names = new Set(taken);
  const topics: Topic[] = [];
  const errors: string[] = [];
  for (const [index, entry] of (file.value as { readonly topics: readonly unknown[] }).topics.entries()) {
    const wrong = errorsOf(entry, names);
    errors.push(...wrong.map((error) => `${place(index, entry)}: ${error}`));
    if (wrong.length === 0) topics.push(toTopic(entry as EntryShape));
    const name = nameOf(entry);
    if (name !== null) names.add(name);
  }
  return { topics, errors };
}

function readJson(text: string): { readonly value: unknown } | { readonly error: string } {
  try {
    const value: unknown = JSON.parse(text);
    const bytes = Buffer.from(text);
    valueEnd(bytes, skipSpace(bytes, 0));
    const duplicate = findDuplicate(bytes);
    return duplicate === null ? { value } : { error: `${duplicate} stands twice.` };
  } catch (error) {
    if (error instanceof JsonError) return { error: error.message };
    return { error: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function place(index: number, entry: unknown): string {
  const name = nameOf(entry);
  return name === null ? `topics[${index}]` : `topics[${index}] (${name.slice(0, TOPIC_LENGTH_MAX)})`;
}

function nameOf(entry: unknown): string | null {
  const name: unknown = typeof entry === "object" && entry !== null ? Reflect.get(entry, "name") : undefined;
  return typeof name === "string" ? name : null;
}

function errorsOf(value: unknown, taken: ReadonlySet<string>): readonly string[] {
  const misfit = checkEntry(value);
  if (misfit !== null) return [misfit.message];
  const entry = value as EntryShape;
  if (taken.has(entry.name)) return ["there is a topic with this name already."];
  const schemaErrors = Object.entries(entry.versions).flatMap(([version, { schema }]) => {
    const error = schemaError(schema);
    return error === null ? [] : [`versions.${version}.schema is no JSON Schema: ${error}.`];
  });
  return schemaErrors.length > 0 ? schemaErrors : sampleErrors(entry);
}

function sampleErrors(entry: EntryShape): readonly string[] {
  const { sample, root, versions } = entry;
  const members = Object.keys(sample);
  if (members.length !== 1 || members[0] !== root) return [`sample must have exactly the member ${root}, which is the root.`];
  const misfit = compile(versions[CURRENT_VERSION]?.schema ?? {}, "sample")(sample);
  if (misfit !== null) return [`sample does not fit the schema of ${CURRENT_VERSION}: ${misfit.message}`];
  return [...olderErrors(entry), ...subjectErrors(entry)];
}

function subjectErrors({ sample, subjects = [] }: EntryShape): readonly string[] {
  return subjects
    .filter((path) => !valuesAt(sample, path).some((each) => typeof each === "string" || typeof each === "number"))
    .map((path) => `subjects: the sample has no id at ${path}.`);
}

/** What is made of the sample for apps with an older version must fit that version's schema. */
function olderErrors(entry: EntryShape): readonly string[] {
  const errors: string[] = [];
  const payloads = makePayloads(new Map([[entry.name, toTopic(entry)]]), (_, error) => {
    errors.push(error instanceof Error ? error.message : String(error));
  });
  for (const [version, { schema }] of Object.entries(entry.versions)) {
    if (version === CURRENT_VERSION) continue;
    const payload = Buffer.from(JSON.stringify(entry.sample));
    const event = { id: entry.name, topic: entry.name, apiVersion: CURRENT_VERSION, changed: null, payload };
    const misfit = compile(schema, "sample")(JSON.parse(Buffer.from(payloads.bodyOf(event, version, undefined).payload).toString("utf8")));
    if (misfit !== null) errors.push(`the sample as version ${version} does not fit that schema: ${misfit.message}`);
  }
  return errors;
}

/** What the meta-schema says first, or what cannot be resolved; null for a JSON Schema (2020-12) that stands on its own. */
function schemaError(schema: TSchema): string | null {
  const ajv = new Ajv2020({
    // Unknown keywords are misspelt ones; everything else that Ajv holds to be bad style is allowed.
    strictSchema: true,
    strictRequired: false,
    strictTypes: false,
    strictTuples: false,
    validateFormats: false,
    logger: false,
    keywords: ["expected"],
  });
  if (ajv.validateSchema(schema) !== true) {
    const [first] = ajv.errors ?? [];
    return `${first?.instancePath === "" ? "it" : (first?.instancePath ?? "it")} ${first?.message ?? "is not allowed"}`;
  }
  try {
    ajv.compile(schema);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function toTopic(entry: EntryShape): Topic {
  const [first = ""] = entry.name.split("/");
  return {
    name: entry.name,
    domain: entry.domain ?? first.charAt(0).toUpperCase() + first.slice(1),
    title: entry.title,
    description: entry.description ?? entry.title,
    audience: entry.audience ?? "shop",
    scopes: entry.scopes,
    root: entry.root,
    subjects: entry.subjects ?? [],
    madeByGenhook: false,
    versions: entry.versions,
    sample: entry.sample,
  };
}
