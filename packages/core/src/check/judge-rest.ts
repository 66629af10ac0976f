import type {
  DayCounts,
  DirectoryFacts,
  EventFacts,
  EventReference,
  HistoryRow,
  SequenceFacts,
  SumDifference,
} from "../ports/check-reader.ts";
import { DAY_MS, dayOfTime } from "../domain/event.ts";
import type { Breach } from "./breach.ts";

/** Judges a row that names an event; `now` (wall ms) tells which may be without it by now. Pure, like all here. */
export function judgeReference(reference: EventReference, now: number): Breach | null {
  const { kind, eventId, event, expiresAt } = reference;
  const found = (says: string): Breach => ({ kind: "reference_broken", subject: eventId, says: `${kind}: ${says}` });
  if (event === null) return expiresAt !== null && expiresAt <= now ? null : found("there is no such event");
  if (reference.shop !== null && reference.shop !== event.shop)
    return found(`it is of shop ${reference.shop}, the event of shop ${event.shop}`);
  if (reference.deliveries !== null && reference.deliveries !== event.deliveries) {
    return found(`it says ${reference.deliveries} deliveries, the event owes ${event.deliveries}`);
  }
  return null;
}

/** Judges a row of the directory by the one before it of the same entry, and by the row behind; null where there is none. */
export function judgeHistory(
  row: HistoryRow,
  before: HistoryRow | null,
  next: HistoryRow | null,
  directory: DirectoryFacts,
): readonly Breach[] {
  const says: string[] = [];
  const { version, until, validFrom, validTo } = row;
  if (version > directory.version) says.push(`version ${version} is newer than the directory's ${directory.version}`);
  if ((until === null) !== (validTo === null))
    says.push(`version ${version} has ${until === null ? "no" : "an"} end as a version and ${validTo === null ? "none" : "one"} as a time`);
  if (validTo !== null && validTo < validFrom) says.push(`version ${version} ends before it begins`);
  if (before !== null && before.until !== version) {
    says.push(
      before.until === null
        ? `version ${before.version} is current, and so is a later one`
        : `versions ${before.until} to ${version} are missing`,
    );
  }
  if (next === null && until !== null) says.push(`there is no current row behind version ${version}`);
  if (row.bodyKey !== row.key) says.push(`version ${version} holds the content of ${row.bodyKey}`);
  const counted = row.table === "installation" ? null : directory.nextKeys[row.table];
  if (counted !== null && next === null && Number(row.key) >= counted)
    says.push(`its key was not given out yet: the next one is ${counted}`);
  return says.map((each) => ({ kind: "history_broken", subject: `${row.table} ${row.key}`, says: each }));
}

export function judgeSequence({ subscription, floor, first, last, count }: SequenceFacts): Breach | null {
  if (first <= floor) {
    return {
      kind: "sequence_gap",
      subject: `subscription ${subscription}`,
      says: `number ${first} is kept, and all up to ${floor} are forgotten`,
    };
  }
  const missing = last - floor - count;
  if (missing === 0) return null;
  return {
    kind: "sequence_gap",
    subject: `subscription ${subscription}`,
    says: `${missing} of the numbers ${floor + 1} to ${last} are missing`,
  };
}

/** What the log of a day shows; adds up over events. Test events are not counted. */
export class Counted {
  readonly #days = new Map<number, { published: number; delivered: number; failed: number; dead: number; cancelled: number }>();

  add({ event, rows }: EventFacts): void {
    if (event === null || event.isTest) return;
    this.#day(dayOfTime(event.acceptedAt)).published += 1;
    for (const row of rows) {
      const counts = this.#day(dayOfTime(row.at));
      if (row.kind === "attempt" && row.state !== "delivered") counts.failed += 1;
      if (row.kind !== "reopened" && row.state !== "pending") counts[row.state] += 1;
    }
  }

  /** Statistics may say more (of days that were dropped since), never less; of a day that is kept whole they say exactly as many publishes. */
  judge(statistics: readonly DayCounts[], daysKept: ReadonlySet<number>): readonly Breach[] {
    const byDay = new Map(statistics.map((each) => [each.day, each]));
    const breaches: Breach[] = [];
    for (const each of statistics) {
      if (each.smallest < 0) breaches.push(off(each.day, "a count is negative"));
      if (each.timed !== each.delivered) breaches.push(off(each.day, `${each.delivered} delivered, but latencies of ${each.timed}`));
      if (daysKept.has(each.day) && each.published > (this.#days.get(each.day)?.published ?? 0)) {
        breaches.push(off(each.day, `${each.published} published, but ${this.#days.get(each.day)?.published ?? 0} events`));
      }
    }
    for (const [day, counts] of this.#days) {
      for (const [name, count] of Object.entries(counts)) {
        const said = byDay.get(day)?.[name as keyof typeof counts] ?? 0;
        if (said < count) breaches.push(off(day, `${said} ${name}, but the log has ${count}`));
      }
    }
    return breaches;
  }

  #day(day: number): { published: number; delivered: number; failed: number; dead: number; cancelled: number } {
    let counts = this.#days.get(day);
    if (counts === undefined) this.#days.set(day, (counts = { published: 0, delivered: 0, failed: 0, dead: 0, cancelled: 0 }));
    return counts;
  }
}

export function judgeSum({ scope, day, more }: SumDifference): Breach {
  const differences = Object.entries(more).filter(([, count]) => count !== 0);
  const says = differences.map(
    ([name, count]) => `${Math.abs(count)} ${count > 0 ? "more" : "fewer"} ${name === "timed" ? "latencies" : name}`,
  );
  return off(day, `the sum over ${scope === "" ? "everything" : scope} has ${says.join(", ")} than what it was made of`);
}

function off(day: number, says: string): Breach {
  return { kind: "statistics_off", subject: new Date(day * DAY_MS).toISOString().slice(0, 10), says };
}
