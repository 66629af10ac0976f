import { CURRENT_VERSION, API_VERSIONS, TOPICS, type ApiVersion, type Topic } from "@genhook/contract";
import type { TSchema } from "typebox";
import { Decimal, Flag, Id, Moment, NullableText, TextList } from "../src/schema-parts.ts";

type Json = Readonly<Record<string, unknown>>;

/** Building blocks that get a name of their own, with what a developer must know about them. */
const PARTS: readonly { readonly name: string; readonly schema: TSchema; readonly type: string; readonly doc: string }[] = [
  {
    name: "Id",
    schema: Id,
    type: "number | string",
    doc: "An id: 64 bits, as a number where that is exact, or as a decimal string; one shop may send both. Compare and store `readId(id)`.",
  },
  {
    name: "Decimal",
    schema: Decimal,
    type: "number | string",
    doc: "An amount or a count, as a number or a decimal string. `readNumber(value)`, or keep the text for money.",
  },
  {
    name: "Flag",
    schema: Flag,
    type: 'boolean | "true" | "false"',
    doc: 'A boolean or its text: "false" is truthy, so ask `readFlag(value)`.',
  },
  {
    name: "TextList",
    schema: TextList,
    type: "string[] | string",
    doc: "A list of texts, or its text form. `readTexts(value)` answers the list.",
  },
  { name: "Moment", schema: Moment, type: "string | null", doc: "A date and time as text, or null where it has not come yet." },
  { name: "NullableText", schema: NullableText, type: "string | null", doc: "Text, or null where it is not set." },
];

/** Members whose objects share one interface, named after what they are. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  billingAddress: "Address",
  shippingAddress: "Address",
  emailMarketingConsent: "MarketingConsent",
  smsMarketingConsent: "MarketingConsent",
};

const HEAD = "// Made from the contract's topic table by `npm run golden:update`. Do not edit.";

/** Where a schema stands: the topic's root member, the version, the name it would have, and the one it has when that is taken. */
interface Place {
  readonly root: string;
  readonly version: ApiVersion;
  readonly name: string;
  readonly spareName: string;
}

/** Makes interfaces of schemas; equal schemas under one root share one, over versions too. */
class InterfaceWriter {
  readonly blocks: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #taken = new Set<string>(PARTS.map(({ name }) => name));

  /** The type of a schema that stands at `at`; objects become interfaces. */
  typeOf(schema: Json, at: Place): string {
    const part = PARTS.find((each) => isSame(each.schema as unknown as Json, schema));
    if (part !== undefined) return part.name === "NullableText" ? part.type : part.name;
    if (Array.isArray(schema["anyOf"])) return (schema["anyOf"] as Json[]).map((each) => this.typeOf(each, at)).join(" | ");
    if ("const" in schema) return JSON.stringify(schema["const"]);
    switch (schema["type"]) {
      case "array": {
        const item = this.typeOf(schema["items"] as Json, at);
        return item.includes(" | ") ? `(${item})[]` : `${item}[]`;
      }
      case "object":
        return Object.keys(schema["properties"] as Json).length === 0 ? "Record<string, unknown>" : this.#interface(schema, at);
      case "integer":
      case "number":
        return "number";
      case "string":
      case "boolean":
      case "null":
        return schema["type"];
      default:
        throw new Error(`No type is known for ${JSON.stringify(schema)} at ${at.name}`);
    }
  }

  #interface(schema: Json, at: Place): string {
    const key = `${at.root} ${JSON.stringify(schema)}`;
    const known = this.#names.get(key);
    if (known !== undefined) return known;
    const suffix = at.version === CURRENT_VERSION ? "" : at.version;
    const chosen = this.#taken.has(at.name + suffix) ? at.spareName + suffix : at.name + suffix;
    if (this.#taken.has(chosen)) throw new Error(`Two schemas want the name ${chosen}`);
    this.#taken.add(chosen);
    this.#names.set(key, chosen);
    const required = new Set((schema["required"] as string[] | undefined) ?? []);
    const position = this.blocks.length;
    const members = Object.entries(schema["properties"] as Record<string, Json>).map(([member, each]) => {
      const own = SHORT_NAMES[member] ?? pascal(each["type"] === "array" ? singular(member) : member);
      const name = own.startsWith(at.name) ? own : at.name + own;
      return `  ${member}${required.has(member) ? "" : "?"}: ${this.typeOf(each, { ...at, name, spareName: name })};`;
    });
    this.blocks.splice(position, 0, [`export interface ${chosen} {`, ...members, "}"].join("\n"));
    return chosen;
  }
}

/** `packages/receiver/src/generated/topics.ts`: what each topic carries, per API version. */
export function receiverTopics(): string {
  const writer = new InterfaceWriter();
  const rows = TOPICS.map((topic) => {
    const payloads = API_VERSIONS.map((version) => `    ${JSON.stringify(version)}: ${payloadOf(writer, topic, version)};`);
    return [`  /** ${topic.description} Scopes: ${scopesOf(topic)}. */`, `  ${JSON.stringify(topic.name)}: {`, ...payloads, "  };"].join(
      "\n",
    );
  });
  const parts = PARTS.filter(({ name }) => name !== "NullableText").map(
    ({ name, type, doc }) => `/** ${doc} */\nexport type ${name} = ${type};`,
  );
  return [
    HEAD,
    "",
    "/** API versions that the kit knows, newest first. An app has one: its event version. */",
    `export type ApiVersion = ${API_VERSIONS.map((version) => JSON.stringify(version)).join(" | ")};`,
    "",
    ...parts.flatMap((part) => [part, ""]),
    ...writer.blocks.flatMap((block) => [block, ""]),
    "/**",
    " * What each topic carries, per API version. Members that the platform adds pass unchecked: an interface above can be widened by merging",
    ' * (`declare module "@genhook/receiver/topics" { interface Order { giftWrap?: string } }`).',
    " */",
    "export interface TopicPayloads {",
    ...rows,
    "}",
    "",
  ].join("\n");
}

/** `packages/receiver/src/generated/samples.ts`: one whole payload per topic, of the current version. */
export function receiverSamples(): string {
  const rows = TOPICS.map((topic) => `  ${JSON.stringify(topic.name)}: ${JSON.stringify(topic.sample)},`);
  return [
    HEAD,
    "",
    "/** One realistic payload per topic, of the newest API version. */",
    "export const SAMPLES: Readonly<Record<string, unknown>> = {",
    ...rows,
    "};",
    "",
  ].join("\n");
}

function payloadOf(writer: InterfaceWriter, topic: Topic, version: ApiVersion): string {
  // A topic without a schema of its own in an older version is the same in both.
  const own = topic.versions[version] === undefined ? CURRENT_VERSION : version;
  const schema = topic.versions[own]?.schema as unknown as { readonly properties: Record<string, Json> };
  const content = schema.properties[topic.root];
  if (content === undefined) throw new Error(`${topic.name} has no ${topic.root}`);
  const name = pascal(topic.root);
  const spareName = name + pascal(topic.name.split("/")[1] ?? "");
  return `{ ${topic.root}: ${writer.typeOf(content, { root: topic.root, version: own, name, spareName })} }`;
}

function scopesOf(topic: Topic): string {
  return topic.scopes.length === 0 ? "none" : topic.scopes.join(" or ");
}

function isSame(a: Json, b: Json): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function pascal(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

function singular(member: string): string {
  return member.endsWith("sses") ? member.slice(0, -2) : member.replace(/s$/, "");
}
