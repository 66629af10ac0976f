export interface TableOptions {
  /** What the outbox's tables are named after, a schema's name too (`app.outbox`); `genhook_outbox` unless given. */
  readonly table?: string | undefined;
}

/** The outbox's tables. */
export interface OutboxTables {
  /** What waits to be published. */
  readonly outbox: string;
  /** "genhook_outbox_aside": what was refused, and what waits behind it. */
  readonly aside: string;
  /** Which relay is at work: one row. */
  readonly relay: string;
  /** The name without its schema: indexes, the trigger and the channel are named after it. */
  readonly plain: string;
}

/** Names are written into statements, so only plain ones are taken. Throws `TypeError`. */
export function tablesOf({ table = "genhook_outbox" }: TableOptions = {}): OutboxTables {
  if (!/^([a-z_][a-z0-9_]*\.)?[a-z_][a-z0-9_]{0,49}$/i.test(table)) {
    throw new TypeError(
      `table ${JSON.stringify(table)} must be letters, digits and underscores (at most 50), with a schema and a dot before it if need be`,
    );
  }
  return { outbox: table, aside: `${table}_aside`, relay: `${table}_relay`, plain: table.replace(/^.*\./, "").toLowerCase() };
}
