import { parsePath } from "../filter/parse-filter.ts";
import type { PayloadPath } from "../filter/payload-path.ts";
import { compileConversion, convert, convertPath, type Conversion, type ConversionStep } from "./conversion.ts";

export interface PayloadVersionsOptions {
  /** All versions, newest first. */
  readonly versions: readonly string[];
  /** How a topic's payload of `version` is made from the next newer version; empty where both are the same. */
  readonly stepsTo: (topic: string, version: string) => readonly ConversionStep[];
}

/** Older forms of payloads. A payload is kept as it was published, and brought down version by version when an app of an older version gets it. */
export class PayloadVersions {
  readonly #options: PayloadVersionsOptions;
  readonly #conversions = new Map<string, Conversion | null>();

  constructor(options: PayloadVersionsOptions) {
    this.#options = options;
  }

  /** The version that an app of version `wanted` gets of an event that was published in `published`: never a newer one, and the published one where either is not known. */
  versionFor(published: string, wanted: string): string {
    const { versions } = this.#options;
    const from = versions.indexOf(published);
    return from >= 0 && versions.indexOf(wanted) > from ? wanted : published;
  }

  /** Whether the payload differs between two versions. */
  differs(topic: string, from: string, to: string): boolean {
    return this.#chain(topic, from, to).length > 0;
  }

  convert(topic: string, from: string, to: string, source: string): string {
    return this.#chain(topic, from, to).reduce(convert, source);
  }

  /** What a path of version `from` is called in `to`; null where `to` has nothing there. */
  convertPath(topic: string, from: string, to: string, path: PayloadPath): PayloadPath | null {
    return this.#chain(topic, from, to).reduce<PayloadPath | null>((at, each) => (at === null ? null : convertPath(at, each)), path);
  }

  #chain(topic: string, from: string, to: string): readonly Conversion[] {
    if (from === to) return [];
    const { versions } = this.#options;
    const [first, last] = [versions.indexOf(from), versions.indexOf(to)];
    if (first < 0 || last <= first) return [];
    return versions.slice(first + 1, last + 1).flatMap((version) => this.#conversion(topic, version) ?? []);
  }

  #conversion(topic: string, version: string): Conversion | null {
    const key = `${topic} ${version}`;
    let conversion = this.#conversions.get(key);
    if (conversion === undefined) {
      const steps = this.#options.stepsTo(topic, version);
      conversion = steps.length === 0 ? null : compileConversion(steps.map((step) => ({ step, path: pathOf(step, topic, version) })));
      this.#conversions.set(key, conversion);
    }
    return conversion;
  }
}

function pathOf(step: ConversionStep, topic: string, version: string): PayloadPath {
  const text = "rename" in step ? step.rename : "drop" in step ? step.drop : step.asText;
  const parsed = parsePath(text, null);
  if (parsed.ok) return parsed.value;
  throw new Error(`${topic} to ${version}: the path ${text} of a conversion, column ${parsed.problem.column}: ${parsed.problem.message}`);
}
