import type { BackgroundWork } from "../background-work.ts";
import type { SubscriptionSettings } from "../domain/directory-entries.ts";
import type { EventContent } from "../domain/event.ts";
import type { CompiledFilter, StepBudget } from "../filter/compile-filter.ts";
import { explainMiss } from "../filter/explain-filter.ts";
import { parseFilter } from "../filter/parse-filter.ts";
import { areRelated, printPath, type PayloadPath } from "../filter/payload-path.ts";
import { JsonNode } from "../json/json-node.ts";
import { EVENT_FILTER_STEPS_MAX } from "../limits.ts";
import type { PayloadVersions } from "./payload-versions.ts";

/** What of an event its payload alone decides for a subscription. `filter_failed`: it could not be decided, so the event is owed. */
export type Selected = "matched" | "not_changed" | "filter_not_matched" | "filter_failed";

/** What is looked at to select and to shape. */
export type EventPayload = Pick<EventContent, "id" | "topic" | "apiVersion" | "changed" | "payload">;

export interface SelectionTools {
  /** The payload in a version, as text. */
  readonly sourceIn: (version: string) => string;
  /** Null where the text is no filter. */
  readonly filterOf: (text: string) => CompiledFilter | null;
  /** Null where one of them is no path. */
  readonly pathsOf: (texts: readonly string[]) => readonly PayloadPath[] | null;
  readonly onError: (what: BackgroundWork, error: unknown) => void;
}

interface SelectionState {
  readonly budget: StepBudget;
  /** By version. */
  readonly roots: Map<string, JsonNode>;
  readonly changed: Map<string, readonly PayloadPath[] | null>;
  /** By version and filter. */
  readonly answers: Map<string, Selected>;
}

/** One event, judged for its subscriptions: each version is made once, each filter asked once per version. */
export class EventSelection {
  readonly #event: EventPayload;
  readonly #versions: PayloadVersions;
  readonly #tools: SelectionTools;
  /** Made at the first question: most events are asked none. */
  #state: SelectionState | null = null;

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

  get #known(): SelectionState {
    this.#state ??= { budget: { steps: EVENT_FILTER_STEPS_MAX }, roots: new Map(), changed: new Map(), answers: new Map() };
    return this.#state;
  }

  #passes(text: string, version: string): Selected {
    const key = `${version} ${text}`;
    const { answers, budget } = this.#known;
    let answer = answers.get(key);
    if (answer === undefined) {
      const filter = this.#tools.filterOf(text);
      const outcome = filter === null ? "too_costly" : filter(this.#root(version), budget);
      answer = outcome === "matched" ? "matched" : outcome === "not_matched" ? "filter_not_matched" : "filter_failed";
      answers.set(key, answer);
    }
    return answer;
  }

  #hasChanged(wanted: readonly string[], version: string): boolean {
    const changed = this.#changedIn(version);
    const paths = this.#tools.pathsOf(wanted);
    if (changed === null || paths === null) return true;
    return paths.some((path) => changed.some((each) => areRelated(path, each)));
  }

  /** What changed, in a version's paths; null where it is not known. */
  #changedIn(version: string): readonly PayloadPath[] | null {
    const known = this.#known.changed;
    let changed = known.get(version);
    if (changed === undefined) {
      const { topic, apiVersion, changed: texts } = this.#event;
      const published = texts === null ? null : this.#tools.pathsOf(texts);
      changed =
        published?.flatMap((path) => {
          const converted = this.#versions.convertPath(topic, apiVersion, version, path);
          return converted === null ? [] : [converted];
        }) ?? null;
      known.set(version, changed);
    }
    return changed;
  }

  #root(version: string): JsonNode {
    const { roots } = this.#known;
    let root = roots.get(version);
    if (root === undefined) {
      root = new JsonNode(this.#tools.sourceIn(version));
      roots.set(version, root);
    }
    return root;
  }
}
