import type { EventFields } from "./event.ts";
import type { Processed, ReplayOptions } from "./process-once.ts";

/**
 * Receives into the same transaction as the work: what `work` writes through `transaction` and the mark that the delivery was processed become
 * durable together or not at all. So the effect happens exactly once, however often the delivery arrives and wherever the process dies.
 */
export interface Inbox<Transaction> {
  /** Runs `work` in a transaction unless the delivery was processed before. What `work` throws rolls back and goes on. */
  process(event: EventFields, work: (transaction: Transaction) => unknown, options?: ReplayOptions): Promise<Processed>;
}
