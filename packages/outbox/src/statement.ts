import { readEvent, type OutboxEvent } from "./event.ts";
import { tablesOf, type TableOptions } from "./tables.ts";

type Value = string | null;

/** One INSERT, in each form that clients take. */
export interface OutboxStatement {
  /** With `$1`, `$2`, … (PostgreSQL's drivers). */
  readonly text: string;
  /** With `?` (SQLite's drivers). */
  readonly questionText: string;
  readonly values: readonly Value[];
  /** What a template tag gets, to be spread into one: `sql(...template)` of Kysely and Drizzle, `$executeRaw(...template)` of Prisma, Postgres.js. */
  readonly template: readonly [strings: TemplateStringsArray, ...values: Value[]];
  /** The key under which it will be published. */
  readonly idempotencyKey: string;
}

/** The statement that writes an event into the outbox. Run it in the transaction that does what the event tells of. Throws `OutboxError`. */
export function outboxInsert(event: OutboxEvent, options: TableOptions = {}): OutboxStatement {
  const { key, shop, topic, payload, clientId, triggeredAt, orderKey, changed, traceparent } = readEvent(event);
  const values = [key, shop, topic, payload, clientId, triggeredAt, orderKey, changed, traceparent];
  const before = `INSERT INTO ${tablesOf(options).outbox} (key, shop, topic, payload, client_id, triggered_at, order_key, changed, traceparent) VALUES (`;
  const strings = [before, ...values.slice(1).map(() => ", "), ")"];
  return {
    text: `${before}${values.map((_, index) => `$${index + 1}`).join(", ")})`,
    questionText: strings.join("?"),
    values,
    template: [Object.assign(strings, { raw: strings }), ...values],
    idempotencyKey: key,
  };
}
