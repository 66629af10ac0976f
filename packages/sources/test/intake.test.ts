import type { BatchAnswer } from "@genhook/contract/client";
import { afterEach, describe, expect, it } from "vitest";
import { Intake, type IntakeOptions, type SourceRecord } from "../src/index.ts";
import { backOff } from "../src/intake/back-off.ts";
import { HeldRecords } from "../src/intake/held-records.ts";
import { HELD_OF_LANE_MAX, HELD_RECORDS_MAX } from "../src/limits.ts";
import { accepted, allLater, KeptLog, later, ListSource, record, refused } from "./fixtures.ts";

const running: Intake<SourceRecord>[] = [];
afterEach(async () => {
  for (const intake of running.splice(0)) await intake.stop();
});

type Publish = (events: readonly string[], count: number) => BatchAnswer | Promise<BatchAnswer>;

function start(source: ListSource, publish: Publish, more: Partial<IntakeOptions<SourceRecord>> = {}) {
  const log = new KeptLog();
  const requests: (readonly string[])[] = [];
  const intake = new Intake<SourceRecord>({
    source,
    log,
    random: () => 0,
    publish: async (events) => {
      requests.push(events);
      return publish(events, requests.length);
    },
    ...more,
  });
  running.push(intake);
  intake.start();
  return { intake, log, requests };
}

/** Makes every wait one of 0 ms: what is asked is how often, not when. */
const AT_ONCE = (): number => -1;

const all = (events: readonly string[]): BatchAnswer => ({ kind: "answered", items: events.map(() => accepted()) });

describe("an intake", () => {
  it("publishes in batches and tells the source afterwards", async () => {
    const source = new ListSource(Array.from({ length: 2_500 }, (_, index) => record(`${index}`)));
    let wasToldBefore = false;
    const { intake, requests } = start(source, (events) => {
      wasToldBefore ||= events.some((event) => source.accepted_.includes(event));
      return all(events);
    });
    await source.settled(2_500);
    await intake.stop();
    expect(requests.map((events) => events.length)).toEqual([1_000, 1_000, 500]);
    expect(source.accepted_).toEqual(Array.from({ length: 2_500 }, (_, index) => `${index}`));
    expect(wasToldBefore).toBe(false);
    expect(intake.counts).toMatchObject({ published: 2_500, duplicates: 0, refused: 0 });
  });

  it("a refused event is set aside and holds up nobody", async () => {
    const source = new ListSource([record("a"), record("bad"), record("c")]);
    start(source, (events) => ({ kind: "answered", items: events.map((event) => (event === "bad" ? refused() : accepted())) }));
    await source.settled(3);
    expect([source.accepted_, source.refused_]).toEqual([["a", "c"], [["bad", "payload_mismatch"]]]);
  });

  it("sends everything again, under the same keys, until it is taken", async () => {
    const source = new ListSource([record("a"), record("b")]);
    const { requests, log, intake } = start(source, (events, count) => (count < 3 ? allLater() : all(events)));
    await source.settled(2);
    await intake.stop();
    expect(requests).toEqual([
      ["a", "b"],
      ["a", "b"],
      ["a", "b"],
    ]);
    expect(log.lines.map(({ text }) => text)).toEqual(["not published, tried again: Wait.", "not published, tried again: Wait."]);
    expect(intake.counts).toMatchObject({ published: 2, repeated: 2 });
  });

  it("one that is not taken yet does not hold up the others", async () => {
    const source = new ListSource([record("slow"), record("b"), record("c")]);
    const { requests } = start(source, (events, count) => ({
      kind: "answered",
      items: events.map((event) => (event === "slow" && count < 3 ? later("internal_error") : accepted())),
    }));
    await source.settled(3);
    expect(source.accepted_).toEqual(["b", "c", "slow"]);
    expect(requests.length).toBe(3);
  });

  it("an event that cannot be stored while others can is set aside in the end", async () => {
    const source = new ListSource([record("poison")]);
    const { requests } = start(
      source,
      () => ({ kind: "answered", items: [later("internal_error")] }),
      // Waits end at once: what is asked here is how often.
      { random: AT_ONCE },
    );
    await source.settled(1);
    expect(source.refused_).toEqual([["poison", "internal_error"]]);
    expect(requests.length).toBe(8);
  });

  it("where nothing at all can be stored, nothing is set aside", async () => {
    const source = new ListSource([record("a"), record("b")]);
    start(source, (events, count) => (count <= 12 ? { kind: "answered", items: events.map(() => later("internal_error")) } : all(events)), {
      random: AT_ONCE,
    });
    await source.settled(2);
    expect([source.accepted_, source.refused_]).toEqual([["a", "b"], []]);
  });

  it("records of a lane go one after the other, each when the one before was taken", async () => {
    const source = new ListSource([record("a1", "a"), record("a2", "a"), record("x"), record("a3", "a"), record("b1", "b")]);
    const { requests } = start(source, (events, count) => ({
      kind: "answered",
      items: events.map((event) => (event === "a2" && count === 2 ? later("internal_error") : accepted())),
    }));
    await source.settled(5);
    expect(requests).toEqual([["a1", "x", "b1"], ["a2"], ["a2"], ["a3"]]);
  });

  it("a refused record of a lane lets go of the later ones, which are the source's to give again", async () => {
    const source = new ListSource([record("a1", "a"), record("a2", "a"), record("b1", "b")]);
    const { intake, requests } = start(source, (events) => ({
      kind: "answered",
      items: events.map((event) => (event === "a1" ? refused() : accepted())),
    }));
    await source.settled(2);
    await intake.stop();
    expect(requests).toEqual([["a1", "b1"]]);
    expect(intake.counts.held).toBe(0);
  });

  it("where lanes are not blocked, the later ones go on", async () => {
    const source = new ListSource([record("a1", "a"), record("a2", "a")], false);
    start(source, (events) => ({ kind: "answered", items: events.map((event) => (event === "a1" ? refused() : accepted())) }));
    await source.settled(2);
    expect([source.accepted_, source.refused_]).toEqual([["a2"], [["a1", "payload_mismatch"]]]);
  });

  it("a source that fails is asked again, and what was published is marked until that works", async () => {
    const source = new ListSource([record("a")]);
    let failures = 0;
    const accept = source.accepted.bind(source);
    source.accepted = async (records) => {
      failures += 1;
      if (failures < 3) throw new Error("the database is away");
      await accept(records);
    };
    const { requests, log } = start(source, all, { random: AT_ONCE });
    await source.settled(1);
    expect(requests).toEqual([["a"]]);
    expect(log.lines.map(({ text }) => text)).toEqual(Array(2).fill("what was published could not be marked so; tried again"));
  });

  it("publishes nothing that is another's by now", async () => {
    const source = new ListSource([record("a")]);
    source.isCurrentNow = false;
    const { intake, requests } = start(source, all);
    await new Promise<void>((resolve) => {
      const take = source.take.bind(source);
      source.take = (room) => {
        if (source.rooms.length > 3) resolve();
        return take(room);
      };
    });
    expect([requests, intake.counts.held]).toEqual([[], 0]);
  });

  it("a stop finishes the request in flight and closes the source", async () => {
    const source = new ListSource([record("a"), record("b", "lane"), record("c", "lane")]);
    const inFlight = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<BatchAnswer>();
    const { intake, requests } = start(source, () => {
      inFlight.resolve();
      return answer.promise;
    });
    await inFlight.promise;
    const stopped = intake.stop();
    answer.resolve({ kind: "answered", items: [accepted(), accepted()] });
    await stopped;
    expect([requests, source.accepted_, source.isClosed]).toEqual([[["a", "b"]], ["a", "b"], true]);
  });

  it("a stop cuts off a request that outlasts the grace time", async () => {
    const source = new ListSource([record("a")]);
    const inFlight = Promise.withResolvers<void>();
    const log = new KeptLog();
    const intake = new Intake<SourceRecord>({
      source,
      log,
      graceMs: 1,
      publish: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason as Error));
          inFlight.resolve();
        }),
    });
    intake.start();
    await inFlight.promise;
    await intake.stop();
    expect([source.accepted_, source.isClosed, log.lines.at(-1)?.text]).toEqual([[], true, "stopped in the middle; it is published again"]);
  });
});

describe("held records", () => {
  it("have bounds, and name lanes of which there are enough", () => {
    const held = new HeldRecords<SourceRecord>();
    held.add(Array.from({ length: HELD_OF_LANE_MAX }, (_, index) => record(`${index}`, "hot")));
    expect([held.fullLanes, held.room.records]).toEqual([["hot"], HELD_RECORDS_MAX - HELD_OF_LANE_MAX]);
    held.remove(held.next(10, 10, 0));
    expect([held.fullLanes, held.all.size]).toEqual([[], HELD_OF_LANE_MAX - 1]);
    held.removeLane("hot");
    expect([held.all.size, held.room.records]).toEqual([0, HELD_RECORDS_MAX]);
  });

  it("a batch keeps within its bytes, but is never empty for them", () => {
    const held = new HeldRecords<SourceRecord>();
    const [big, ...small] = [record("big", null, 50), record("a", null, 6), record("b", null, 6)];
    held.add([big, ...small]);
    expect(held.next(10, 10, 0)).toEqual([big]);
    held.remove([big]);
    expect(held.next(10, 10, 0).map(({ event }) => event)).toEqual(["a"]);
  });

  it("what is postponed holds its lane alone", () => {
    const held = new HeldRecords<SourceRecord>();
    const records = [record("a1", "a"), record("a2", "a"), record("b1", "b")];
    held.add(records);
    held.postpone(records[0] as SourceRecord, 5);
    expect(held.next(10, 10, 4).map(({ event }) => event)).toEqual(["b1"]);
    expect(held.next(10, 10, 5).map(({ event }) => event)).toEqual(["a1", "b1"]);
  });
});

describe("the wait after failures", () => {
  it.each([
    [1, null, 0, 125],
    [1, null, 0.999, 250],
    [4, null, 0, 1_000],
    [100, null, 0.999, 29_985],
    [1, 7_000, 0, 7_000],
    [100, 1_000, 0, 15_000],
    [1, 86_400_000, 0, 300_000],
  ])("after %d failures, asked for %s, random %d: %d ms", (failures, asked, random, expected) => {
    expect(Math.abs(backOff(failures, asked, random) - expected)).toBeLessThanOrEqual(1);
  });
});
