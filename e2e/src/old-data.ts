import { dayOfTime, type EventId, type NewEvent, type Store } from "@genhook/core";
import { buildEvent, eventIdAt } from "@genhook/testkit";

/** What has to be gone in the end. */
export interface OldData {
  readonly expired: EventId[];
  readonly erased: EventId[];
}

const DAY_MS = 86_400_000;
/** Erasures wait for this long at least, ms. */
const ERASE_AFTER_MS = 60_000;
const EVENTS = 40;
const CUSTOMERS = 4;

/**
 * Puts events into a store that is open here, as they were accepted long ago: of two days past retention, with something still owed; and of two
 * minutes ago, some of one customer each and all of a shop that has asked for its erasure.
 */
export async function putOldData(store: Store, gone: OldData, retentionDays: number, random: () => number): Promise<void> {
  const now = Date.now();
  const { subscriptions, shops } = await store.directory.changesSince(0);
  const subscription = subscriptions.find(
    ({ settings, address }) => address !== "" && settings.sequence !== true && settings.ordered !== true,
  );
  const [shop] = shops;
  if (subscription === undefined || shop === undefined) throw new Error("nobody has subscribed yet");
  const note = new TextEncoder().encode(JSON.stringify({ order: { id: 1, note: "x".repeat(500) } }));
  const events: NewEvent[] = [];
  const add = (ageMs: number, more: Partial<NewEvent>): EventId => {
    const acceptedAt = now - ageMs;
    const event = buildEvent([], { shop: shop.id, payload: note, acceptedAt, id: eventIdAt(acceptedAt), ...more });
    events.push(event);
    return event.id;
  };
  for (const day of [0, 1].map(() => retentionDays + 2 + Math.floor(random() * 30))) {
    for (let n = 0; n < EVENTS; n += 1) {
      const { owes } = buildEvent(n % 4 === 0 ? [subscription] : []);
      gone.expired.push(add(day * DAY_MS + n, { owes, subjects: [hashOf(random)] }));
    }
  }
  const ageMs = ERASE_AFTER_MS * 2;
  const customers = Array.from({ length: CUSTOMERS }, () => hashOf(random));
  for (let n = 0; n < EVENTS; n += 1) gone.erased.push(add(ageMs - n, { subjects: [customers[n % CUSTOMERS] ?? ""] }));
  for (const customer of customers) {
    gone.erased.push(add(ageMs - 1_000, { topic: "customers/redact", subjects: [customer], erases: "subjects" }));
  }
  await appendAll(store, events);
}

/** What of it is still there although it should be gone. */
export async function judgeOldData(store: Store, { expired, erased }: OldData, retentionDays: number): Promise<readonly string[]> {
  const wrong: string[] = [];
  const days = (await store.retention.days()).filter((day) => day < dayOfTime(Date.now()) - retentionDays);
  if (days.length > 0) wrong.push(`days ${days.join(", ")} are past retention`);
  const kept = (await headsOf(store, expired)).filter((head) => head !== null);
  if (kept.length > 0) wrong.push(`${kept.length} events past retention are still there, ${kept[0]?.id} is one`);
  const open = (await store.erasures.open()).length;
  if (open > 0) wrong.push(`${open} erasures are not finished`);
  const readable = (await headsOf(store, erased)).filter((head) => head !== null && !head.isErased);
  if (readable.length > 0) wrong.push(`${readable.length} events were to be erased and are not`);
  return wrong;
}

async function headsOf(store: Store, ids: readonly EventId[]): Promise<Awaited<ReturnType<Store["events"]["heads"]>>> {
  const heads = [];
  for (let from = 0; from < ids.length; from += 200) heads.push(...(await store.events.heads(ids.slice(from, from + 200))));
  return heads;
}

async function appendAll(store: Store, events: readonly NewEvent[]): Promise<void> {
  for (let version = await store.directory.version(); ;) {
    const outcome = await store.events.append(events, version);
    if (outcome.kind === "committed") return;
    version = outcome.version;
  }
}

function hashOf(random: () => number): string {
  return Array.from({ length: 4 }, () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
}
