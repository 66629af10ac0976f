/** One event on its way in. */
export interface SourceRecord {
  /** The event's JSON text, as `POST /platform/v1/events` takes it. */
  readonly event: string;
  readonly bytes: number;
  /** Shop and order key, where it has one: records of a lane are published one after the other. */
  readonly lane: string | null;
  /** How to name it to an operator: `row 17`. */
  readonly label: string;
  /** Why it need not be sent: it is no event. */
  readonly refusal: Refusal | null;
}

/** Why an event was not taken. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly member: string | null;
}

/** What may be taken just now. */
export interface Room<Taken extends SourceRecord> {
  readonly records: number;
  readonly bytes: number;
  /** What is in memory already. */
  readonly held: ReadonlySet<Taken>;
  /** Lanes of which no more is wanted. */
  readonly fullLanes: readonly string[];
  /** Whether to wait for a while where there is nothing yet: there is nothing else to do. */
  readonly mayWait: boolean;
  /** Ends a wait. */
  readonly signal: AbortSignal;
}

/**
 * Where events wait to be taken in: an outbox, a stream, a queue. A record that was given is the intake's until it is `accepted` or `refused`; what was
 * neither when the process ends is given again by the next one.
 */
export interface Source<Taken extends SourceRecord> {
  /** What it is, for people: `outbox postgres://host/shop`. */
  readonly name: string;
  /** The next records, in order; none where there is none, after a wait where that is allowed. */
  take(room: Room<Taken>): Promise<readonly Taken[]>;
  /** They are in Genhook, durably. */
  accepted(records: readonly Taken[]): Promise<void>;
  /** Sets a record aside with its reason, where an operator finds it. */
  refused(record: Taken, refusal: Refusal): Promise<void>;
  /** Whether a record that was taken is still for this process to publish; what is not is let go of, and given again to whom it concerns. */
  isCurrent(record: Taken): boolean;
  /** Whether a refused record keeps the later ones of its lane. */
  readonly blocksLanes: boolean;
  /** What waits in it, and since when (wall ms); null where that is not known. */
  backlog(): Promise<Backlog>;
  close(): Promise<void>;
}

export interface Backlog {
  readonly waiting: number | null;
  readonly oldestAt: number | null;
  readonly refused: number | null;
}
