/** What can be wrong with a store; the words are stable. */
export const BREACHES = {
  damaged: "The database says that its file is damaged.",
  delivery_lost: "A delivery that is owed is neither pending (it has no task) nor final (its log has no final row).",
  task_behind_final: "A delivery is final, and yet has a task: it would be sent again.",
  task_without_event: "A task belongs to an event that does not exist, or that does not owe it.",
  task_twice: "A delivery has two tasks: it would be sent twice.",
  task_misfit: "A task's numbers do not continue its delivery's log.",
  log_without_event: "Rows of the log belong to an event that does not exist, or that does not owe them.",
  log_broken: "The log of a delivery is not whole: its numbers are not dense, or its states do not follow from each other.",
  event_misplaced: "An event lies in the tables of another day, or its time is not the one in its id.",
  event_malformed: "An event owes to a subscription twice, or was erased and still has content or tasks.",
  reference_broken: "An idempotency key, erasure or subject names an event that does not exist or that it does not fit.",
  history_broken: "The directory's history has gaps, overlaps, or two current rows of one entry.",
  sequence_gap: "The running numbers of a subscription have a gap.",
  statistics_off: "Statistics say less than the log shows, or contradict themselves.",
} as const;

export type BreachKind = keyof typeof BREACHES;

/** One thing that is wrong, with the ids to find it by. */
export interface Breach {
  readonly kind: BreachKind;
  readonly subject: string;
  readonly says: string;
}
