import { firstTask, laneOf, type Erasure, type EventId, type NewEvent, type Subscription } from "@genhook/core";
import { expect, it } from "vitest";
import { buildEvent, buildSettlement, buildSubscription, DAY_MS, NOW, sha256 } from "./builders.ts";
import type { Fixture } from "./conformance.ts";

const S = buildSubscription(8_589_934_901, 1, 1);
const T = buildSubscription(8_589_934_902, 1, 1, { address: "https://other.example.com/hooks" });
const ADA = sha256("ada").slice(0, 32);
const BOB = sha256("bob").slice(0, 32);

/** Erasure on account of redact events. */
export function describeErasure({ open, append, owed, version }: Fixture): void {
  const redact = (more: Partial<NewEvent> = {}): NewEvent =>
    buildEvent([T], { topic: "customers/redact", subjects: [ADA], erases: "subjects", acceptedAt: NOW + 3 * DAY_MS, ...more });
  const settle = async (event: NewEvent, to: Subscription): Promise<void> => {
    const task = firstTask(event, { subscription: to.id, ...laneOf(to) });
    expect(await open().tasks.settle([buildSettlement(task, "delivered", { row: { responseHeaders: "x-who: ada" } })])).toEqual([true]);
  };
  const findAll = async (erasure: Erasure, limit: number): Promise<EventId[]> => {
    const found: EventId[] = [];
    let after: EventId | null = null;
    do {
      const page: Awaited<ReturnType<ReturnType<typeof open>["erasures"]["find"]>> = await open().erasures.find(erasure, after, limit);
      found.push(...page.ids);
      after = page.next;
    } while (after !== null);
    return found;
  };

  it("keeps what a redact event asks for, and finds the events of its customers up to it, over days and pages", async () => {
    const own = [buildEvent([S], { subjects: [ADA, BOB] }), buildEvent([S], { subjects: [ADA], acceptedAt: NOW + DAY_MS })];
    const request = redact();
    const later = buildEvent([S], { subjects: [ADA], acceptedAt: NOW + 4 * DAY_MS });
    await append(...own, buildEvent([S], { subjects: [BOB] }), buildEvent([S], { subjects: [ADA], shop: 2 }), request, later);
    const erasure = { eventId: request.id, shop: 1, subjects: [ADA] };
    expect(await open().erasures.open()).toEqual([erasure]);
    // Hashes are keyed with the shop, so another shop's customer never has the same; this one was made so by hand.
    const found = (await findAll(erasure, 1)).filter((id) => own.some((event) => event.id === id));
    expect(found).toEqual(own.map((event) => event.id));
    expect(await findAll(erasure, 100)).not.toContain(later.id);
    expect(await findAll(erasure, 100)).not.toContain(request.id);
  });

  it("erases payload, order key and kept responses, and cancels what is pending; again changes nothing", async () => {
    const event = buildEvent([S, T], { subjects: [ADA], orderKey: "ada" });
    await append(event);
    await settle(event, S);
    expect(await open().erasures.erase([event.id], NOW + 5)).toEqual([T.id]);
    expect(await owed(T)).toEqual([]);
    const read = await open().events.read(event.id);
    expect(read).toMatchObject({ isErased: true, orderKey: null, owes: [S.id, T.id] });
    expect(read?.payload.length).toBe(0);
    expect((await open().events.heads([event.id]))[0]).toMatchObject({ isErased: true });
    const [sent] = await open().log.ofDelivery({ eventId: event.id, subscription: S.id });
    expect(sent).toMatchObject({ state: "delivered", status: 200, responseHeaders: null, responseBody: null });
    const [cancelled] = await open().log.lastRows([{ eventId: event.id, subscription: T.id }]);
    expect(cancelled).toMatchObject({ kind: "ended", state: "cancelled", reason: "redacted", nextAt: null });
    expect(await open().erasures.erase([event.id], NOW + 6)).toEqual([]);
    expect(await open().log.ofDelivery({ eventId: event.id, subscription: T.id })).toHaveLength(1);
  });

  it("cancels what waits for its next attempt, also where the lane has moved to another shard", async () => {
    const event = buildEvent([S, T], { subjects: [ADA] });
    await append(event);
    const task = firstTask(event, { subscription: S.id, ...laneOf(S) });
    await open().tasks.settle([buildSettlement(task, "pending", { next: NOW + 60_000 })]);
    const elsewhere = (laneOf(S).shard + 7) % 256;
    await open().tasks.relocateLane(laneOf(S), elsewhere, 10, version());
    expect(new Set(await open().erasures.erase([event.id], NOW + 5))).toEqual(new Set([S.id, T.id]));
    expect((await open().tasks.backlog()).pending).toBe(0);
  });

  it("does not send again what was erased", async () => {
    const event = buildEvent([S], { subjects: [ADA] });
    await append(event);
    await settle(event, S);
    await open().erasures.erase([event.id], NOW + 5);
    const delivery = { eventId: event.id, subscription: S.id };
    const [again] = await open().tasks.replay([{ delivery, lane: laneOf(S) }], NOW + 6, null);
    expect(again).toEqual({ kind: "refused", reason: "redacted" });
  });

  it("finds every event of a shop that is erased whole, apart from redact events that are still open", async () => {
    const events = Array.from({ length: 7 }, (_, n) => buildEvent([S], { acceptedAt: NOW + n * 600 }));
    const other = redact({ acceptedAt: NOW + DAY_MS });
    const request = redact({ topic: "shop/redact", subjects: [], erases: "shop" });
    await append(...events, buildEvent([S], { shop: 2 }), other, request);
    const erasure = { eventId: request.id, shop: 1, subjects: null };
    expect(await open().erasures.open()).toEqual([{ eventId: other.id, shop: 1, subjects: [ADA] }, erasure]);
    expect(await findAll(erasure, 3)).toEqual(events.map((event) => event.id));
    await open().erasures.erase(await findAll(erasure, 100), NOW + 5);
    expect(await findAll(erasure, 3)).toEqual([]);
  });

  it("finishes: the redact event goes last, and the erasure is forgotten", async () => {
    const request = redact();
    await append(request);
    expect(await open().erasures.finish(request.id, NOW + 5)).toEqual([T.id]);
    expect(await open().erasures.open()).toEqual([]);
    expect((await open().events.read(request.id))?.isErased).toBe(true);
    expect(await open().erasures.finish(request.id, NOW + 6)).toEqual([]);
  });

  it("takes a redact event again after an unknown outcome, and asks for nothing twice", async () => {
    const request = redact();
    await append(request);
    await open().erasures.finish(request.id, NOW + 5);
    await append(request);
    expect(await open().erasures.open()).toEqual([]);
  });
}
