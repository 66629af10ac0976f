import { shardOf } from "../domain/endpoint.ts";
import type { Subscription } from "../domain/directory-entries.ts";
import { KEY_LANES_LISTED_MAX } from "../limits.ts";
import type { LaneRef, TaskQueue } from "../ports/task-queue.ts";

/**
 * Ordered lanes of some subscriptions, and the lanes of their order keys that something stands aside in: each once, whoever shares it. Of the
 * keys that wait in a shard the first `KEY_LANES_LISTED_MAX` are looked at.
 */
export async function orderedLanesOf(
  tasks: Pick<TaskQueue, "lanesWithWork">,
  subscriptions: readonly Subscription[],
): Promise<readonly LaneRef[]> {
  const lanes = new Map<number, LaneRef>();
  const ids = new Set<number>();
  for (const { id, order, endpoint } of subscriptions) {
    if (order === undefined) continue;
    ids.add(id);
    for (const ref of [{ shard: shardOf(endpoint), lane: order.lane }, ...order.left])
      lanes.set(ref.lane, { shard: ref.shard, lane: ref.lane });
  }
  for (const shard of new Set([...lanes.values()].map((each) => each.shard))) {
    const found = await tasks.lanesWithWork([shard], { shard, lane: Number.MIN_SAFE_INTEGER }, KEY_LANES_LISTED_MAX);
    for (const { lane, subscription } of found) if (lane < 0 && ids.has(subscription)) lanes.set(lane, { shard, lane });
  }
  return [...lanes.values()];
}
