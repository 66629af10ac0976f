import type { Turn } from "@genhook/core";

/** A page of a sorted list. `compare` says how a place in it stands to an entry: below 0, the place comes first. */
export function pageOf<Entry, Cursor>(
  entries: readonly Entry[],
  turn: Turn<Cursor>,
  limit: number,
  compare: (cursor: Cursor, entry: Entry) => number,
): Entry[] {
  if ("after" in turn) {
    const { after } = turn;
    return entries.filter((entry) => after === null || compare(after, entry) < 0).slice(0, limit);
  }
  const { before } = turn;
  return entries.filter((entry) => before === null || compare(before, entry) > 0).slice(-limit);
}
