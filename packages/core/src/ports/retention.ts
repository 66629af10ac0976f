/** Retention by day: expire what is still owed of a day, empty it in small steps, drop it. */
export interface Retention {
  /** Days (since 1970-01-01 UTC) that hold events or attempts, ascending. */
  days(): Promise<readonly number[]>;
  /**
   * Settles up to `limit` tasks of events accepted on or before `day` as `dead`, reason `expired`; answers how many. 0 means
   * that nothing of these days is owed any more.
   */
  expireThrough(day: number, at: number, limit: number): Promise<number>;
  /** Removes a slice of the day's rows; true when the day is gone. Refuses (rejects) while something of it is owed. */
  dropStep(day: number, rowsMax: number): Promise<boolean>;
  /** Removes up to `limit` idempotency keys that expired before `at`; answers how many. */
  forgetKeys(at: number, limit: number): Promise<number>;
  /**
   * Removes up to `limit` rows of each kind from the directory's history that were replaced before `at`; answers how many. From then on
   * `readAsOf` answers null for the versions at which one of them still held.
   */
  forgetHistory(at: number, limit: number): Promise<number>;
}
