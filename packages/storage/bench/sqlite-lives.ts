/**
 * How many full lives of a delivery (event and task in, settled as delivered) the embedded store takes per second, by group size and by
 * number of lanes: `node packages/storage/bench/sqlite-lives.ts [lives]`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventIdSource, firstTask, type NewEvent, type Settlement } from "@genhook/core";
import { openSqliteStore } from "@genhook/storage";

const lives = Number(process.argv[2] ?? 40_000);
const payload = Buffer.from(JSON.stringify({ order: { id: "300157930096874", note: "x".repeat(960) } }));
const newId = eventIdSource({ now: Date.now }, () => Math.floor(Math.random() * 2 ** 32));

function makeEvent(lane: number): NewEvent {
  const id = newId();
  return {
    id,
    shop: 1,
    app: null,
    topic: "orders/create",
    apiVersion: "202412",
    triggeredAt: "2024-12-30T23:59:59.888889999Z",
    acceptedAt: Date.now(),
    orderKey: null,
    traceparent: null,
    changed: null,
    isTest: false,
    payload,
    owes: [{ subscription: lane, lane, shard: lane % 256 }],
    subjects: [],
    erases: null,
    idempotency: null,
  };
}

function makeSettlement(event: NewEvent): Settlement {
  const [owed] = event.owes;
  if (owed === undefined) throw new Error("the event owes nothing");
  const task = firstTask(event, owed);
  return {
    key: task,
    seq: 1,
    row: {
      kind: "attempt",
      subscription: owed.subscription,
      eventId: event.id,
      seq: 1,
      round: 1,
      n: 1,
      at: event.acceptedAt,
      durationMs: 3,
      status: 200,
      error: null,
      detail: null,
      address: "https://app.example.com/hooks/orders",
      responseHeaders: null,
      responseBody: null,
      state: "delivered",
      reason: null,
      nextAt: null,
      shop: 1,
      app: 1,
    },
    next: null,
    topic: event.topic,
    latencyMs: 4,
  };
}

async function measure(group: number, lanes: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "genhook-lives-"));
  const store = await openSqliteStore({ folder });
  const started = performance.now();
  const cpu = process.cpuUsage();
  let mainMs = 0;
  let settling: Promise<unknown> = Promise.resolve();
  for (let done = 0; done < lives; done += group) {
    const at = performance.now();
    const events = Array.from({ length: group }, (_, index) => makeEvent(8_589_934_859 + ((done + index) % lanes)));
    const appended = store.events.append(events, 1);
    mainMs += performance.now() - at;
    await appended;
    await settling;
    const again = performance.now();
    settling = store.tasks.settle(events.map(makeSettlement));
    mainMs += performance.now() - again;
  }
  await settling;
  const seconds = (performance.now() - started) / 1000;
  const used = process.cpuUsage(cpu);
  const { user, system } = used;
  await store.close();
  rmSync(folder, { recursive: true });
  const perLife = ((user + system) / lives).toFixed(1);
  console.log(
    `group ${String(group).padStart(4)}  lanes ${String(lanes).padStart(5)}  ${Math.round(lives / seconds)} lives/s  cpu ${perLife} µs/life  main ${((mainMs * 1000) / lives).toFixed(1)} µs/life`,
  );
}

for (const lanes of [1, 1_000]) for (const group of [16, 64, 256]) await measure(group, lanes);
