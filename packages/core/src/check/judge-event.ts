import type { LogRow } from "../domain/attempt.ts";
import { deliveryId, type Task } from "../domain/delivery.ts";
import { dayOf, millisecondsOf } from "../domain/event.ts";
import type { EventFacts } from "../ports/check-reader.ts";
import type { Breach, BreachKind } from "./breach.ts";

/** Judges one event with all that it owes; pure. */
export function judgeEvent(facts: EventFacts): readonly Breach[] {
  const { event, id } = facts;
  const breaches: Breach[] = [];
  const tasks = Map.groupBy(facts.tasks, (task) => task.subscription);
  const logs = Map.groupBy(facts.rows, (row) => row.subscription);
  if (event === null) {
    for (const subscription of tasks.keys()) breaches.push(breach("task_without_event", id, subscription, "there is no such event"));
    for (const subscription of logs.keys()) breaches.push(breach("log_without_event", id, subscription, "there is no such event"));
    return breaches;
  }
  if (dayOf(id) !== facts.day || event.acceptedAt !== millisecondsOf(id)) {
    breaches.push({ kind: "event_misplaced", subject: id, says: `it lies in day ${facts.day} and was accepted at ${event.acceptedAt}` });
  }
  breaches.push(...judgeContent(facts, event.owes, event.isErased));
  const owed = new Set(event.owes);
  for (const subscription of owed) {
    breaches.push(...judgeDelivery(id, subscription, tasks.get(subscription) ?? [], logs.get(subscription) ?? []));
  }
  for (const subscription of tasks.keys()) {
    if (!owed.has(subscription)) breaches.push(breach("task_without_event", id, subscription, "the event does not owe it"));
  }
  for (const subscription of logs.keys()) {
    if (!owed.has(subscription)) breaches.push(breach("log_without_event", id, subscription, "the event does not owe it"));
  }
  return breaches;
}

function judgeContent(facts: EventFacts, owes: readonly number[], isErased: boolean): readonly Breach[] {
  const says: string[] = [];
  if (new Set(owes).size < owes.length) says.push("it owes to a subscription twice");
  if (isErased && facts.payloadBytes > 0) says.push(`it was erased, and still has a payload of ${facts.payloadBytes} bytes`);
  if (isErased && facts.tasks.length > 0) says.push(`it was erased, and still has ${facts.tasks.length} tasks`);
  if (!isErased && facts.payloadBytes === 0) says.push("it has no payload");
  return says.map((each) => ({ kind: "event_malformed", subject: facts.id, says: each }));
}

/** Judges one delivery: its log, and its task where there is one. */
function judgeDelivery(id: string, subscription: number, tasks: readonly Task[], rows: readonly LogRow[]): readonly Breach[] {
  const found = (kind: BreachKind, says: string): Breach => breach(kind, id, subscription, says);
  const breaches = judgeLog(rows).map((says) => found("log_broken", says));
  const [task, second] = tasks;
  if (second !== undefined) breaches.push(found("task_twice", `due ${tasks.map((each) => each.due).join(" and ")}`));
  const last = rows.at(-1);
  const isFinal = last !== undefined && last.state !== "pending";
  if (task === undefined) {
    if (!isFinal)
      breaches.push(
        found("delivery_lost", last === undefined ? "it has neither task nor log" : `its log ends with row ${last.seq}, pending`),
      );
  } else if (isFinal) breaches.push(found("task_behind_final", `it is ${last.state} since row ${last.seq}`));
  else for (const says of judgeTask(task, rows)) breaches.push(found("task_misfit", says));
  return breaches;
}

function judgeLog(rows: readonly LogRow[]): string[] {
  const says: string[] = [];
  let before: LogRow | undefined;
  for (const row of rows) {
    const seq = (before?.seq ?? 0) + 1;
    const round = before === undefined ? 1 : row.kind === "reopened" ? before.round + 1 : before.round;
    const n = (before?.n ?? 0) + (row.kind === "attempt" ? 1 : 0);
    if (row.seq !== seq) says.push(`row ${row.seq} follows row ${seq - 1}`);
    if (row.round !== round) says.push(`row ${row.seq} is of round ${row.round}, not ${round}`);
    if (row.n !== n) says.push(`row ${row.seq} counts ${row.n} attempts, not ${n}`);
    const isOpen = before === undefined || before.state === "pending";
    if (row.kind === "reopened" ? isOpen : !isOpen)
      says.push(`row ${row.seq} (${row.kind}) follows one that is ${before?.state ?? "not there"}`);
    const isAvailable = row.state === "delivered" && row.reason === "available";
    if (
      row.kind === "ended"
        ? row.state === "pending" || (row.state === "delivered" && !isAvailable)
        : row.kind === "reopened" && row.state !== "pending"
    ) {
      says.push(`row ${row.seq} (${row.kind}) is ${row.state}`);
    }
    if ((row.state === "pending") !== (row.nextAt !== null))
      says.push(`row ${row.seq} is ${row.state} and ${row.nextAt === null ? "says no" : "says a"} next attempt`);
    before = row;
  }
  return says;
}

function judgeTask(task: Task, rows: readonly LogRow[]): readonly string[] {
  const last = rows.at(-1);
  const round = last?.round ?? 1;
  const attempts = rows.filter((row) => row.kind === "attempt" && row.round === round).length;
  const expected = { seq: (last?.seq ?? 0) + 1, round, attempts, attemptsEver: last?.n ?? 0 };
  return Object.entries(expected)
    .filter(([name, value]) => task[name as keyof typeof expected] !== value)
    .map(([name, value]) => `its task has ${name} ${task[name as keyof typeof expected]}, not ${value}`);
}

function breach(kind: BreachKind, eventId: string, subscription: number, says: string): Breach {
  return { kind, subject: deliveryId({ eventId, subscription }), says };
}
