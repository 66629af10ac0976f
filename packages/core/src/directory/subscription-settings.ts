import type { SubscriptionSettings } from "../domain/directory-entries.ts";
import type { TopicRule } from "../domain/topic.ts";
import { orRefuse } from "../filter/filter-problem.ts";
import { parseFilter, parsePath } from "../filter/parse-filter.ts";
import type { PayloadPath } from "../filter/payload-path.ts";
import { ok, type Refusal, type Result } from "../refusal.ts";

/** What a call says about settings: null takes one away, what is absent stays. */
export type SettingsUpdate = {
  readonly [Name in keyof SubscriptionSettings]?: Exclude<SubscriptionSettings[Name], undefined> | null | undefined;
};

/** Pure. */
export function updateSettings(before: SubscriptionSettings, update: SettingsUpdate): SubscriptionSettings {
  const after: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(update)) {
    if (value === null) delete after[name];
    else if (value !== undefined) after[name] = value;
  }
  // Pulled events are fetched by their numbers; and a webhook that is sent to is nothing to speak of.
  if (after["mode"] === "push") delete after["mode"];
  if (after["mode"] === "pull") {
    after["sequence"] = true;
    // Nothing is sent any more that could be too much. Said in this very call, it is a mistake, which is refused.
    if (update.ratePerSecond === undefined) delete after["ratePerSecond"];
  }
  if (after["sequence"] === false) delete after["sequence"];
  return after;
}

/** Why a change of settings cannot be: what is pulled is fetched by its number. `under` is put before the member's name. */
export function refuseMode(update: SettingsUpdate, after: SubscriptionSettings, under: string): Refusal | null {
  if (after.mode !== "pull" || (update.sequence !== false && update.sequence !== null)) return null;
  const member = `${under}sequence`;
  return {
    code: "invalid_member",
    message: `${member} is always true of a webhook in pull mode: its events are fetched by their numbers.`,
    member,
  };
}

/** A rate is of what is sent. `under` is put before the member's name. */
export function refuseRate(settings: SubscriptionSettings, under: string): Refusal | null {
  if (settings.mode !== "pull" || settings.ratePerSecond === undefined) return null;
  const member = `${under}ratePerSecond`;
  return {
    code: "invalid_member",
    message: `${member} must be left out in pull mode: nothing is sent, so nothing can be too much.`,
    member,
  };
}

/** The first mistake in what a subscription of this topic selects and sends; `under` is put before the member's name. */
export function refuseSelection(settings: SubscriptionSettings, topic: Pick<TopicRule, "root"> | null, under: string): Refusal | null {
  const root = topic?.root ?? null;
  if (settings.filter !== undefined) {
    const filter = orRefuse(parseFilter(settings.filter, root), `${under}filter`);
    if (!filter.ok) return filter.refusal;
  }
  const changed = readPaths(settings.changed ?? [], root, `${under}changed`);
  if (!changed.ok) return changed.refusal;
  const fields = readPaths(settings.fields ?? [], root, `${under}fields`);
  if (!fields.ok) return fields.refusal;
  const placed = fields.value.findIndex((path) => path.some((part) => part.kind === "index"));
  if (placed < 0) return null;
  const member = `${under}fields[${placed}]`;
  const message = `${member} names one place of a list; what is sent of a list is the same for every element: write [*].`;
  return { code: "invalid_filter", message, member };
}

/** Paths as a caller writes them; the refusal names the one that cannot be read. */
export function readPaths(texts: readonly string[], root: string | null, member: string): Result<readonly PayloadPath[]> {
  const paths: PayloadPath[] = [];
  for (const [index, text] of texts.entries()) {
    const path = orRefuse(parsePath(text, root), `${member}[${index}]`);
    if (!path.ok) return path;
    paths.push(path.value);
  }
  return ok(paths);
}
