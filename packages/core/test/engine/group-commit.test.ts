import { buildEvent, buildSubscription } from "@genhook/testkit";
import { expect, test } from "vitest";
import { GroupCommit, type AppendOutcome, type CommitResult, type NewEvent } from "../../src/index.ts";

const S = buildSubscription(1, 1, 1);

/** Commits groups as it is told, and keeps what became of each event. */
function commitBy(append: (events: readonly NewEvent[]) => Promise<AppendOutcome>): {
  readonly submit: (event: NewEvent) => Promise<CommitResult>;
  readonly errors: unknown[];
} {
  const errors: unknown[] = [];
  const groups = new GroupCommit({
    events: { append },
    timers: { after: (_, fire) => (queueMicrotask(fire), { cancel: () => undefined }) },
    catchUp: () => Promise.resolve(),
    onError: (error) => errors.push(error),
  });
  return {
    errors,
    submit: (event) =>
      new Promise((resolve) => {
        groups.submit({ event, directoryVersion: 1, rematch: () => undefined, done: resolve });
      }),
  };
}

const accepted = (events: readonly NewEvent[]): AppendOutcome => ({ kind: "committed", results: events.map(() => ({ kind: "accepted" })) });

test("a disk that is full is told to the operator, once a group, and its events are told to come again", async () => {
  const full = Object.assign(new Error("database or disk is full"), { code: "store_unavailable" });
  let isFull = true;
  const { submit, errors } = commitBy((events) => (isFull ? Promise.reject(full) : Promise.resolve(accepted(events))));
  const events = Array.from({ length: 20 }, () => buildEvent([S]));
  const results = await Promise.all(events.map(submit));
  expect(results.map(({ kind }) => kind)).toEqual(events.map(() => "unavailable"));
  expect(errors.length).toBeGreaterThan(0);
  expect(errors.length).toBeLessThan(events.length);
  expect(new Set(errors)).toEqual(new Set([full]));
  isFull = false;
  expect(await submit(buildEvent([S]))).toEqual({ kind: "accepted" });
});

test("an event that the store cannot take is told to the operator; its neighbours are taken", async () => {
  const poison = buildEvent([S]);
  const error = new Error("this one not");
  const { submit, errors } = commitBy((events) => (events.includes(poison) ? Promise.reject(error) : Promise.resolve(accepted(events))));
  const events = [buildEvent([S]), poison, buildEvent([S])];
  const results = await Promise.all(events.map(submit));
  expect(results).toEqual([{ kind: "accepted" }, { kind: "rejected", error }, { kind: "accepted" }]);
  expect(errors).toEqual([error]);
});
