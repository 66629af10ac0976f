/** What the engine must know of a topic; the whole entry (schemas, samples, words) stands in the contract's table. */
export interface TopicRule {
  readonly name: string;
  readonly audience: "shop" | "app" | "compliance";
  /** Any one of these lets an app receive it; empty: no scope needed. */
  readonly scopes: readonly string[];
  /** The payload's one member. */
  readonly root: string;
  /** What is erased once it is delivered: events of the customers that it names, or all of the shop's. Absent: nothing. */
  readonly erases?: "subjects" | "shop";
  /** `app/installed` and the like: made by Genhook, refused from outside. */
  readonly madeByGenhook: boolean;
}

/** Topics by name. */
export type TopicRules = ReadonlyMap<string, TopicRule>;

/** Whether granted scopes let an app receive a topic. A `write_` scope includes its `read_` twin's topics only where the table lists it. */
export function coversTopic(scopes: readonly string[], topic: TopicRule): boolean {
  return topic.scopes.length === 0 || topic.scopes.some((scope) => scopes.includes(scope));
}
