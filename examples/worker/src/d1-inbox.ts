import type { Inbox } from "@genhook/receiver";

/** What is used of D1's binding. */
export interface D1Database {
  prepare(sql: string): D1Statement;
  /** All or nothing, one after the other. */
  batch(statements: D1Statement[]): Promise<unknown>;
}

export interface D1Statement {
  bind(...values: (string | number | null)[]): D1Statement;
}

/**
 * An inbox of one's own, for a database that the kit does not know: the work says what to write, and that goes together with the mark of the
 * delivery, in one batch. A mark that is there already fails the batch, so nothing is written twice.
 */
export function d1Inbox(database: D1Database): Inbox<D1Statement[]> {
  return {
    async process(event, work) {
      const mark = database.prepare("INSERT INTO received (delivery_id, received_at) VALUES (?, ?)");
      const statements = [mark.bind(event.deliveryId, Date.now())];
      await work(statements);
      try {
        await database.batch(statements);
        return "processed";
      } catch (error) {
        if (String(error).includes("UNIQUE constraint failed: received.delivery_id")) return "duplicate";
        throw error;
      }
    },
  };
}
