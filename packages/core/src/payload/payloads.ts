import type { SubscriptionSettings } from "../domain/directory-entries.ts";
import type { EventContent } from "../domain/event.ts";
import { compileFilter, type CompiledFilter, type StepBudget } from "../filter/compile-filter.ts";
import { explainMiss } from "../filter/explain-filter.ts";
import { parseFilter, parsePath } from "../filter/parse-filter.ts";
import { areRelated, printPath, type PayloadPath } from "../filter/payload-path.ts";
import { JsonNode } from "../json/json-node.ts";
import { COMPILED_KEPT_MAX, EVENT_FILTER_STEPS_MAX, SHAPED_BYTES_MAX } from "../limits.ts";
import { compileFields, project, type Fields } from "./fields.ts";
import { Kept } from "./kept.ts";
import { PayloadVersions, type PayloadVersionsOptions } from "./payload-versions.ts";

/** UTF-8, handed in: core has no byte functions of its own. Payloads are known to be valid UTF-8, so both directions lose nothing. */
export interface TextCodec {
  readonly decode: (bytes: Uint8Array) => string;
  readonly encode: (text: string) => Uint8Array;
}

export interface PayloadsOptions extends PayloadVersionsOptions {
  readonly text: TextCodec;
  /** Something of ours failed on a payload, and it was used as it was published instead. */
  readonly onError: (what: string, error: unknown) => void;
}

/** What is sent: bytes, and the version that they are in. */
export interface Body {
  readonly payload: Uint8Array;
  readonly apiVersion: string;
}

/** What of an event its payload alone decides for a subscription. `filter_failed`: it could not be decided, so the event is owed. */
export type Selected = "matched" | "not_changed" | "filter_not_matched" | "filter_failed";

/** What is looked at to select and to shape. */
export type EventPayload = Pick<EventContent, "id" | "topic" | "apiVersion" | "changed" | "payload">;

/** What payloads are asked: which subscriptions they concern, and what of them is sent. Results are shared by all that ask for the same. */
export class Payloads {
  readonly #options: PayloadsOptions;
  readonly #versions: PayloadVersions;
  /** Null: a text that is no filter, kept from before the language or its limits changed. */
  readonly #filters = new Kept<CompiledFilter | null>(COMPILED_KEPT_MAX);
  readonly #fields = new WeakMap<readonly string[], Fields>();
  readonly #shaped = new Kept<Uint8Array>(SHAPED_BYTES_MAX);

  constructor(options: PayloadsOptions) {
    this.#options = options;
    this.#versions = new PayloadVersions(options);
  }

  /** Judges the event for subscriptions. Nothing is decoded before one of them asks. */
  selectionOf(event: EventPayload): EventSelection {
    return new EventSelection(event, this.#versions, {
      sourceIn: (version) => this.#source(event, version),
      filterOf: (text) => this.#filter(text),
      onError: this.#options.onError,
    });
  }

  /**
   * What an app of version `wanted` is sent of the event. Follows from the event, the version and the fields alone, so equal ones share bytes.
   * Never fails: a payload that cannot be converted or cut goes out as it was published, which `apiVersion` then says.
   */
  bodyOf(event: EventPayload, wanted: string, fields: readonly string[] | undefined): Body {
    const apiVersion = this.#versions.versionFor(event.apiVersion, wanted);
    const isConverted = this.#versions.differs(event.topic, event.apiVersion, apiVersion);
    if (fields === undefined && !isConverted) return { payload: event.payload, apiVersion };
    try {
      const payload = isConverted ? this.#converted(event, apiVersion) : event.payload;
      return { payload: fields === undefined ? payload : this.#projected(event, apiVersion, payload, fields), apiVersion };
    } catch (error) {
      this.#options.onError("shape a payload", error);
      return { payload: event.payload, apiVersion: event.apiVersion };
    }
  }

  #source(event: EventPayload, version: string): string {
    const isConverted = this.#versions.differs(event.topic, event.apiVersion, version);
    return this.#options.text.decode(isConverted ? this.#converted(event, version) : event.payload);
  }

  #converted(event: EventPayload, apiVersion: string): Uint8Array {
    const { text } = this.#options;
    return this.#shape(`${event.id} ${apiVersion}`, () =>
      text.encode(this.#versions.convert(event.topic, event.apiVersion, apiVersion, text.decode(event.payload))),
    );
  }

  #projected(event: EventPayload, apiVersion: string, payload: Uint8Array, paths: readonly string[]): Uint8Array {
    const { text } = this.#options;
    const fields = this.#fieldsOf(paths);
    return this.#shape(`${event.id} ${apiVersion} ${fields.key}`, () => text.encode(project(text.decode(payload), fields)));
  }

  #shape(key: string, make: () => Uint8Array): Uint8Array {
    let bytes = this.#shaped.get(key);
    if (bytes === undefined) {
      bytes = make();
      this.#shaped.put(key, bytes, bytes.length);
    }
    return bytes;
  }

  #filter(text: string): CompiledFilter | null {
    let filter = this.#filters.get(text);
    if (filter === undefined) {
      const parsed = parseFilter(text, null);
      filter = parsed.ok ? compileFilter(parsed.value) : null;
      this.#filters.put(text, filter);
    }
    return filter;
  }

  #fieldsOf(paths: readonly string[]): Fields {
    let fields = this.#fields.get(paths);
    if (fields !== undefined) return fields;
    const read = readPaths(paths);
    if (read === null) throw new Error(`fields that are no paths: ${paths.join(", ")}`);
    fields = compileFields(read);
    this.#fields.set(paths, fields);
    return fields;
  }
}

interface SelectionTools {
  /** The payload in a version, as text. */
  readonly sourceIn: (version: string) => string;
  readonly filterOf: (text: string) => CompiledFilter | null;
  readonly onError: PayloadsOptions["onError"];
}

/** One event, judged for its subscriptions: each version is made once, each filter asked once per version. */
export class EventSelection {
  readonly #event: EventPayload;
  readonly #versions: PayloadVersions;
  readonly #tools: SelectionTools;
  readonly #budget: StepBudget = { steps: EVENT_FILTER_STEPS_MAX };
  readonly #roots = new Map<string, JsonNode>();
  readonly #changed = new Map<string, readonly PayloadPath[] | null>();
  readonly #answers = new Map<string, Selected>();

  constructor(event: EventPayload, versions: PayloadVersions, tools: SelectionTools) {
    this.#event = event;
    this.#versions = versions;
    this.#tools = tools;
  }

  /** For a subscription with these settings, of an app that gets `wanted`: paths are those of the version that it gets. */
  select(settings: SubscriptionSettings, wanted: string): Selected {
    if (settings.changed === undefined && settings.filter === undefined) return "matched";
    const version = this.#versions.versionFor(this.#event.apiVersion, wanted);
    try {
      if (settings.changed !== undefined && !this.#hasChanged(settings.changed, version)) return "not_changed";
      return settings.filter === undefined ? "matched" : this.#passes(settings.filter, version);
    } catch (error) {
      this.#tools.onError("select by payload", error);
      return "filter_failed";
    }
  }

  /** For people: why `select` answered as it did; null where there is nothing to say. */
  explain(settings: SubscriptionSettings, wanted: string): string | null {
    const version = this.#versions.versionFor(this.#event.apiVersion, wanted);
    switch (this.select(settings, wanted)) {
      case "matched":
        if (settings.changed === undefined || this.#event.changed !== null) return null;
        return "the event does not say what changed, so it counts as changed";
      case "not_changed": {
        const changed = this.#changedIn(version) ?? [];
        return changed.length === 0 ? "nothing that this version has was changed" : `changed was only ${changed.map(printPath).join(", ")}`;
      }
      case "filter_not_matched": {
        const parsed = parseFilter(settings.filter ?? "", null);
        return parsed.ok ? explainMiss(parsed.value, this.#root(version)) : null;
      }
      case "filter_failed":
        return "the filter could not be decided within its bounds, so the event was delivered";
    }
  }

  #passes(text: string, version: string): Selected {
    const key = `${version} ${text}`;
    let answer = this.#answers.get(key);
    if (answer === undefined) {
      const filter = this.#tools.filterOf(text);
      const outcome = filter === null ? "too_costly" : filter(this.#root(version), this.#budget);
      answer = outcome === "matched" ? "matched" : outcome === "not_matched" ? "filter_not_matched" : "filter_failed";
      this.#answers.set(key, answer);
    }
    return answer;
  }

  #hasChanged(wanted: readonly string[], version: string): boolean {
    const changed = this.#changedIn(version);
    const paths = readPaths(wanted);
    if (changed === null || paths === null) return true;
    return paths.some((path) => changed.some((each) => areRelated(path, each)));
  }

  /** What changed, in a version's paths; null where it is not known. */
  #changedIn(version: string): readonly PayloadPath[] | null {
    let changed = this.#changed.get(version);
    if (changed === undefined) {
      const { topic, apiVersion, changed: texts } = this.#event;
      const published = texts === null ? null : readPaths(texts);
      changed =
        published?.flatMap((path) => {
          const converted = this.#versions.convertPath(topic, apiVersion, version, path);
          return converted === null ? [] : [converted];
        }) ?? null;
      this.#changed.set(version, changed);
    }
    return changed;
  }

  #root(version: string): JsonNode {
    let root = this.#roots.get(version);
    if (root === undefined) {
      root = new JsonNode(this.#tools.sourceIn(version));
      this.#roots.set(version, root);
    }
    return root;
  }
}

/** Null where one of them is no path. */
function readPaths(texts: readonly string[]): readonly PayloadPath[] | null {
  const paths: PayloadPath[] = [];
  for (const text of texts) {
    const parsed = parsePath(text, null);
    if (!parsed.ok) return null;
    paths.push(parsed.value);
  }
  return paths;
}
