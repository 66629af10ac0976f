import { eachElement, eachMember, skipSpace, textOf, valueEnd } from "./json-text.ts";

export type JsonKind = "object" | "list" | "text" | "number" | "boolean" | "null";

/**
 * One value of a JSON text, looked into no further than asked: an object's members are found at the first question for one, and are then
 * known. Numbers stay text. Of members that share a name the last one counts, as it does for `JSON.parse`.
 */
export class JsonNode {
  readonly kind: JsonKind;
  readonly #source: string;
  readonly #start: number;
  readonly #end: number;
  #members: ReadonlyMap<string, JsonNode> | null = null;
  #elements: readonly JsonNode[] | null = null;
  #text: string | null = null;

  constructor(source: string, start: number = skipSpace(source, 0), end: number = valueEnd(source, start)) {
    this.#source = source;
    this.#start = start;
    this.#end = end;
    this.kind = kindOf(source.charCodeAt(start));
  }

  /** As it stands in the text. */
  get raw(): string {
    return this.#source.slice(this.#start, this.#end);
  }

  /** Length of `raw`. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** What a `text` says, escapes resolved. */
  get text(): string {
    this.#text ??= textOf(this.#source, this.#start, this.#end);
    return this.#text;
  }

  /** Undefined where this is no object, or has no such member. */
  member(name: string): JsonNode | undefined {
    if (this.kind !== "object") return undefined;
    if (this.#members === null) {
      const source = this.#source;
      const members = new Map<string, JsonNode>();
      eachMember(source, this.#start, (nameStart, nameEnd, start, end) => {
        members.set(textOf(source, nameStart, nameEnd), new JsonNode(source, start, end));
      });
      this.#members = members;
    }
    return this.#members.get(name);
  }

  /** Elements of a list, the first `max` of them at most; none where this is no list. `max` must be the same in every call. */
  elements(max: number): readonly JsonNode[] {
    if (this.kind !== "list") return [];
    if (this.#elements === null) {
      const source = this.#source;
      const elements: JsonNode[] = [];
      eachElement(source, this.#start, (start, end) => elements.push(new JsonNode(source, start, end)) < max);
      this.#elements = elements;
    }
    return this.#elements;
  }
}

function kindOf(first: number): JsonKind {
  switch (first) {
    case 0x7b:
      return "object";
    case 0x5b:
      return "list";
    case 0x22:
      return "text";
    case 0x74:
    case 0x66:
      return "boolean";
    case 0x6e:
      return "null";
    default:
      return "number";
  }
}
