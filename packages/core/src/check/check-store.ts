import { deliveryId } from "../domain/delivery.ts";
import type { CheckReader, HistoryRow } from "../ports/check-reader.ts";
import { daysToDrop } from "../retention/keeper.ts";
import type { Breach, BreachKind } from "./breach.ts";
import { judgeEvent } from "./judge-event.ts";
import { Counted, judgeHistory, judgeReference, judgeSequence, judgeSum } from "./judge-rest.ts";

export interface CheckOptions {
  /** Wall time, ms. */
  readonly now: number;
  /** Days past it may be half dropped: they are not judged. */
  readonly retentionMs: number;
  /** Breaches that are kept; all are counted. */
  readonly breachesMax: number;
  /** Told of every batch: events looked at so far. */
  readonly onProgress?: (events: number) => void;
}

export interface CheckReport {
  readonly events: number;
  readonly deliveries: number;
  readonly pending: number;
  readonly logRows: number;
  /** Days that are past retention, and were left out. */
  readonly daysLeftOut: readonly number[];
  /** The first of them. */
  readonly breaches: readonly Breach[];
  /** How many of each kind. */
  readonly counts: Readonly<Partial<Record<BreachKind, number>>>;
}

/** Whether a store is in order: what every event owes is owed or final, nothing is left over, nothing contradicts itself. */
export async function checkStore(reader: CheckReader, options: CheckOptions): Promise<CheckReport> {
  const found = new Found(options.breachesMax);
  const totals = { events: 0, deliveries: 0, pending: 0, logRows: 0, daysLeftOut: [] as readonly number[] };
  for await (const says of reader.damage()) found.add({ kind: "damaged", subject: "file", says });
  try {
    await checkRows(reader, options, found, totals);
  } catch (error) {
    if (found.counts.damaged === undefined) throw error;
    const why = error instanceof Error ? error.message : String(error);
    found.add({ kind: "damaged", subject: "file", says: `the rest cannot be read: ${why}` });
  }
  return { ...totals, breaches: found.first, counts: found.counts };
}

type Totals = { -readonly [Name in "events" | "deliveries" | "pending" | "logRows" | "daysLeftOut"]: CheckReport[Name] };

async function checkRows(reader: CheckReader, options: CheckOptions, found: Found, totals: Totals): Promise<void> {
  const days = await reader.days();
  totals.daysLeftOut = daysToDrop(days, options.now, options.retentionMs);
  const kept = days.filter((day) => !totals.daysLeftOut.includes(day));
  const counted = new Counted();
  for (const day of kept) {
    for await (const batch of reader.events(day)) {
      for (const facts of batch) {
        totals.events += facts.event === null ? 0 : 1;
        totals.deliveries += facts.event?.owes.length ?? 0;
        totals.pending += facts.tasks.length;
        totals.logRows += facts.rows.length;
        counted.add(facts);
        found.add(...judgeEvent(facts));
      }
      options.onProgress?.(totals.events);
    }
  }
  await checkRest(reader, options, found);
  found.add(...counted.judge(await reader.counts(), new Set(kept)), ...(await reader.sumDifferences()).map(judgeSum));
}

async function checkRest(reader: CheckReader, options: CheckOptions, found: Found): Promise<void> {
  for await (const batch of reader.strayTasks()) {
    for (const task of batch) found.add({ kind: "task_without_event", subject: deliveryId(task), says: "there is no such day" });
  }
  for await (const batch of reader.references()) {
    for (const reference of batch) {
      const breach = judgeReference(reference, options.now);
      if (breach !== null) found.add(breach);
    }
  }
  for await (const batch of reader.sequences()) {
    for (const sequence of batch) {
      const breach = judgeSequence(sequence);
      if (breach !== null) found.add(breach);
    }
  }
  await checkHistory(reader, found);
}

async function checkHistory(reader: CheckReader, found: Found): Promise<void> {
  const directory = await reader.directory();
  for (const version of directory.holdVersions) {
    if (version > directory.version)
      found.add({ kind: "history_broken", subject: "hold", says: `version ${version} is newer than the directory's ${directory.version}` });
  }
  let before: HistoryRow | null = null;
  let row: HistoryRow | null = null;
  const judge = (next: HistoryRow | null): void => {
    if (row !== null) found.add(...judgeHistory(row, sameEntry(before, row), sameEntry(next, row), directory));
    before = row;
    row = next;
  };
  for await (const batch of reader.history()) for (const next of batch) judge(next);
  judge(null);
}

function sameEntry(row: HistoryRow | null, as: HistoryRow): HistoryRow | null {
  return row !== null && row.table === as.table && row.key === as.key ? row : null;
}

class Found {
  readonly first: Breach[] = [];
  readonly counts: Partial<Record<BreachKind, number>> = {};
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  add(...breaches: readonly Breach[]): void {
    for (const breach of breaches) {
      this.counts[breach.kind] = (this.counts[breach.kind] ?? 0) + 1;
      if (this.first.length < this.#max) this.first.push(breach);
    }
  }
}
