/**
 * Events by day (`$1`) and id (`$2`), one look-up each, in the order asked for (`k.ord`, from 1); what is not there is left out. `columns` are of `e` and `k`.
 *
 * `LIMIT` keeps the planner from making a join of it, for which it may read all events of all days; the days, given once more as a value, tell it
 * which partitions it has to open and lock.
 */
export function eventsOf(columns: string): string {
  return `SELECT ${columns} FROM unnest($1::integer[], $2::uuid[]) WITH ORDINALITY AS k (day, id, ord) CROSS JOIN LATERAL (
    SELECT * FROM event WHERE event.day = k.day AND event.id = k.id AND event.day = ANY ($1::integer[]) LIMIT 1
  ) e`;
}
