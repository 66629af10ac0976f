import type { WebhookEvent } from "./event.ts";

/** Remembers which deliveries were processed. A real one writes in the same transaction as the work itself. */
export interface DeliveryMemory {
  /** True when the id was not there before, and is now. */
  add(id: string): boolean | Promise<boolean>;
  /** Forgets an id whose work failed, so that its next attempt is not dropped. */
  remove(id: string): void | Promise<void>;
}

/** Keeps the last ids in memory: enough for one process whose work may be repeated after a restart. */
export function memoryOf(idsMax: number): DeliveryMemory {
  const ids = new Set<string>();
  return {
    add: (id) => {
      if (ids.has(id)) return false;
      ids.add(id);
      const oldest = ids.size > idsMax ? ids.values().next().value : undefined;
      if (oldest !== undefined) ids.delete(oldest);
      return true;
    },
    remove: (id) => {
      ids.delete(id);
    },
  };
}

export interface DeduplicateOptions {
  /** True: a replay is processed even when the delivery was processed before. */
  readonly acceptReplays?: boolean;
}

/**
 * Runs `work` once per delivery. Deliveries arrive at least once: an answer that got lost is sent again under the same id. Answers whether
 * the work was done now; when it throws, the id is forgotten and the error goes on, so that the next attempt works.
 */
export async function once(
  event: WebhookEvent,
  memory: DeliveryMemory,
  work: () => void | Promise<void>,
  options: DeduplicateOptions = {},
): Promise<boolean> {
  const isNew = await memory.add(event.deliveryId);
  if (!isNew && !(event.isReplay && options.acceptReplays === true)) return false;
  try {
    await work();
    return true;
  } catch (error) {
    await memory.remove(event.deliveryId);
    throw error;
  }
}
