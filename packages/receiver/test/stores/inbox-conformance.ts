import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import type { EventFields, Inbox } from "../../src/index.ts";
import { eventOf } from "./store-conformance.ts";

export interface InboxCase<Transaction> {
  readonly inbox: Inbox<Transaction>;
  /** Work that counts up by one in the same transaction. */
  readonly countUp: (transaction: Transaction, key: string) => unknown;
  readonly read: (key: string) => Promise<number>;
  /** What the process that is to be killed connects with; null where none can be. */
  readonly victim: readonly string[];
}

/** What every inbox promises: the work's effect and the mark, both or neither. */
export function describeInbox<Transaction>(open: () => InboxCase<Transaction>): void {
  test("the effect happens once, however often the delivery comes", async () => {
    const { inbox, countUp, read } = open();
    const event = eventOf();
    expect(await inbox.process(event, (tx) => countUp(tx, event.eventId))).toBe("processed");
    expect(await inbox.process(event, (tx) => countUp(tx, event.eventId))).toBe("duplicate");
    expect(await read(event.eventId)).toBe(1);
  });

  test("twenty attempts at once: one effect", async () => {
    const { inbox, countUp, read } = open();
    const event = eventOf();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => inbox.process(event, (tx) => countUp(tx, event.eventId))));
    expect(outcomes.filter((outcome) => outcome === "processed")).toHaveLength(1);
    expect(await read(event.eventId)).toBe(1);
  });

  test("work that fails leaves nothing, and the next attempt does it", async () => {
    const { inbox, countUp, read } = open();
    const event = eventOf();
    const failing = inbox.process(event, async (tx) => {
      await countUp(tx, event.eventId);
      throw new Error("down");
    });
    await expect(failing).rejects.toThrow(/down|synchronous/);
    expect(await read(event.eventId)).toBe(0);
    expect(await inbox.process(event, (tx) => countUp(tx, event.eventId))).toBe("processed");
    expect(await read(event.eventId)).toBe(1);
  });

  test("replays are dropped, unless they are wanted", async () => {
    const { inbox, countUp, read } = open();
    const event = eventOf();
    const replay: EventFields = { ...event, isReplay: true };
    await inbox.process(event, (tx) => countUp(tx, event.eventId));
    expect(await inbox.process(replay, (tx) => countUp(tx, event.eventId))).toBe("duplicate");
    expect(await inbox.process(event, (tx) => countUp(tx, event.eventId), { acceptReplays: true })).toBe("duplicate");
    expect(await inbox.process(replay, (tx) => countUp(tx, event.eventId), { acceptReplays: true })).toBe("processed");
    expect(await read(event.eventId)).toBe(2);
  });

  test("a process killed in the middle of its work leaves nothing, and the next attempt does it", async () => {
    const { inbox, countUp, read, victim } = open();
    const event = eventOf();
    const child = spawn(
      process.execPath,
      [new URL("inbox-victim.ts", import.meta.url).pathname, ...victim, event.deliveryId, event.eventId],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    expect(line.toString()).toBe("in the middle of its work\n");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await read(event.eventId)).toBe(0);
    expect(await inbox.process(event, (tx) => countUp(tx, event.eventId))).toBe("processed");
    expect(await read(event.eventId)).toBe(1);
  });
}
