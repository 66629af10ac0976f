import type { BackgroundWork } from "../background-work.ts";
import { compileFilter, type CompiledFilter } from "../filter/compile-filter.ts";
import { parseFilter, parsePath } from "../filter/parse-filter.ts";
import type { PayloadPath } from "../filter/payload-path.ts";
import { COMPILED_KEPT_MAX, SHAPED_BYTES_MAX } from "../limits.ts";
import { EventSelection, type EventPayload } from "./event-selection.ts";
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
  readonly onError: (what: BackgroundWork, error: unknown) => void;
}

/** What is sent: bytes, and the version that they are in. */
export interface Body {
  readonly payload: Uint8Array;
  readonly apiVersion: string;
}

/** What payloads are asked: which subscriptions they concern, and what of them is sent. Results are shared by all that ask for the same. */
export class Payloads {
  readonly #options: PayloadsOptions;
  readonly #versions: PayloadVersions;
  /** Null: a text that is no filter, kept from before the language or its limits changed. */
  readonly #filters = new Kept<CompiledFilter | null>(COMPILED_KEPT_MAX);
  /** By the lists themselves, which live as long as the subscription is as it is. Null: one of them is no path. */
  readonly #paths = new WeakMap<readonly string[], readonly PayloadPath[] | null>();
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
      pathsOf: (texts) => this.#pathsOf(texts),
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
    const read = this.#pathsOf(paths);
    if (read === null) throw new Error(`fields that are no paths: ${paths.join(", ")}`);
    fields = compileFields(read);
    this.#fields.set(paths, fields);
    return fields;
  }

  #pathsOf(texts: readonly string[]): readonly PayloadPath[] | null {
    let paths = this.#paths.get(texts);
    if (paths === undefined) {
      const parsed = texts.map((text) => parsePath(text, null));
      paths = parsed.every((path) => path.ok) ? parsed.map((path) => path.value) : null;
      this.#paths.set(texts, paths);
    }
    return paths;
  }
}
