/** Upper bounds of the latency classes, ms; the last class has none. Fixed, so that rows of all times can be summed. */
export const LATENCY_BOUNDS_MS: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 60_000, 600_000];

export interface StatisticsQuery {
  /** Ms since the epoch, multiples of a minute; `to` is excluded. */
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  readonly shop: number | null;
  readonly app: number | null;
  readonly topic: string | null;
}

export interface StatisticsPoint {
  readonly at: number;
  readonly published: number;
  readonly delivered: number;
  /** Attempts that failed. */
  readonly failed: number;
  readonly dead: number;
  readonly cancelled: number;
  /** Deliveries per latency class, `LATENCY_BOUNDS_MS.length + 1` numbers. */
  readonly latency: readonly number[];
}

/** Written by `EventStore.append` and `TaskQueue.settle` inside their transactions; read here. */
export interface Statistics {
  /** Points that have anything, ascending. */
  read(query: StatisticsQuery): Promise<readonly StatisticsPoint[]>;
  /** Sums minutes older than `before` to hours, in small steps; true when nothing is left to sum. */
  sumStep(before: number, rowsMax: number): Promise<boolean>;
}
