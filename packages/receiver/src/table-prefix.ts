export interface TableOptions {
  /** What the names of the kit's tables begin with, a schema's name too (`app.genhook_`); `genhook_` unless given. */
  readonly tablePrefix?: string | undefined;
}

/** The kit's tables. Names are written into statements, so only plain ones are taken. Throws `TypeError`. */
export function tablesOf({ tablePrefix = "genhook_" }: TableOptions): { readonly delivery: string; readonly position: string } {
  if (!/^([a-z_][a-z0-9_]*\.)?[a-z_][a-z0-9_]*$/i.test(tablePrefix)) {
    throw new TypeError(
      `tablePrefix ${JSON.stringify(tablePrefix)} must be letters, digits and underscores, with a schema and a dot before it if need be`,
    );
  }
  return { delivery: `${tablePrefix}delivery`, position: `${tablePrefix}position` };
}
