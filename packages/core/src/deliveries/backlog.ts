import { laneOf } from "../directory/directory.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import { BACKLOG_COUNT_MAX, BACKLOG_LANES_MAX, HELD_LANES_STEP } from "../limits.ts";
import type { TaskQueue } from "../ports/task-queue.ts";
import { orderedLanesOf } from "./ordered-lanes-of.ts";

/** What is owed to some subscriptions. */
export interface Backlog {
  readonly pending: number;
  /** There is more than was counted. */
  readonly hasMore: boolean;
  /** Wall ms; in the future where everything waits for another attempt; null when nothing is owed. */
  readonly oldestDue: number | null;
}

/**
 * Counts to `BACKLOG_COUNT_MAX` deliveries of `BACKLOG_LANES_MAX` subscriptions, in short reads that others go between: in their own lanes, and
 * in the ordered ones that they have part in, with what is set aside there (as much of it as `orderedLanesOf` looks at).
 */
export async function measureBacklog(
  tasks: Pick<TaskQueue, "measureLanes" | "lanesWithWork">,
  subscriptions: readonly Subscription[],
): Promise<Backlog> {
  const counted = subscriptions.slice(0, BACKLOG_LANES_MAX);
  const lanes = [...counted.map(laneOf), ...(await orderedLanesOf(tasks, counted))];
  let pending = 0;
  let oldestDue: number | null = null;
  for (let from = 0; from < lanes.length; from += HELD_LANES_STEP) {
    const measure = await tasks.measureLanes(lanes.slice(from, from + HELD_LANES_STEP), BACKLOG_COUNT_MAX - pending);
    pending += measure.count;
    if (measure.oldestDue !== null && (oldestDue === null || measure.oldestDue < oldestDue)) oldestDue = measure.oldestDue;
  }
  return { pending, hasMore: pending >= BACKLOG_COUNT_MAX || counted.length < subscriptions.length, oldestDue };
}
