import {
  LATENCY_BOUNDS_MS,
  measureBacklog,
  type DirectoryService,
  type HeldCount,
  type StatisticsPoint,
  type Store,
  type Subscription,
} from "@genhook/core";
import { parseDuration } from "../settings/duration.ts";
import { fail } from "./api-error.ts";
import type { Call, Reply } from "./call.ts";
import { readTime } from "./deliveries-routes.ts";
import { owns, type Owner } from "./owner.ts";
import { momentText } from "./views.ts";

export interface StatsOptions {
  readonly store: Pick<Store, "statistics" | "tasks">;
  readonly directory: DirectoryService;
  readonly held: HeldCount;
  readonly now: () => number;
}

const MINUTE_MS = 60_000;
const STATS_POINTS_MAX = 1_500;

/** Counts over time, and what is pending now: of everything, or of one app alone. */
export async function getStats(options: StatsOptions, { query }: Call, owner: Owner): Promise<Reply> {
  const { store, directory, now } = options;
  const stepMs = parseDuration(query["step"] ?? "1m") ?? MINUTE_MS;
  const to = Math.ceil(((readTime(query, "to") ?? now()) + 1) / stepMs) * stepMs;
  const from = Math.floor((readTime(query, "from") ?? to - 60 * stepMs) / stepMs) * stepMs;
  if (from >= to) fail("invalid_member", "from must be before to.", "from");
  if ((to - from) / stepMs > STATS_POINTS_MAX)
    fail("invalid_member", `At most ${STATS_POINTS_MAX} points at once: take a larger step.`, "step");
  const shop = query["shop"] === undefined ? null : (directory.directory.shopByDomain(query["shop"])?.id ?? -1);
  const clientId = query["clientId"];
  const app = owner?.app.id ?? (clientId === undefined ? null : (directory.directory.appByClientId(clientId)?.id ?? -1));
  const points = await store.statistics.read({ from, to, stepMs, shop: owner?.shop?.id ?? shop, app, topic: query["topic"] ?? null });
  return { body: { series: points.map(pointView), now: owner === null ? await allNow(options) : await ownNow(options, owner, shop) } };
}

async function allNow({ store, held }: StatsOptions): Promise<Record<string, unknown>> {
  const { pending, oldestDue } = await store.tasks.backlog();
  return nowView(pending, await held.read(), oldestDue);
}

/** Counted to a bound, lane by lane: an app must learn nothing of what is owed to others. */
async function ownNow(
  { store, directory: { directory }, now }: StatsOptions,
  owner: NonNullable<Owner>,
  shop: number | null,
): Promise<Record<string, unknown>> {
  const own = directory.subscriptionsOfApp(owner.app.id).filter((each) => owns(owner, each) && (shop === null || each.shop === shop));
  const at = now();
  const isHeld = (each: Subscription): boolean =>
    each.status === "paused" || each.status === "suspended" || directory.holdOver(each, at) !== null;
  const [all, waiting] = [await measureBacklog(store.tasks, own), await measureBacklog(store.tasks, own.filter(isHeld))];
  return nowView(all.pending, waiting.pending, all.oldestDue);
}

function nowView(pending: number, held: number, oldestDue: number | null): Record<string, unknown> {
  return { pending, held, oldestPendingAt: oldestDue === null ? null : momentText(oldestDue) };
}

function pointView(point: StatisticsPoint): Record<string, unknown> {
  const { published, delivered, failed, dead, cancelled, latency } = point;
  return {
    at: momentText(point.at),
    published,
    delivered,
    failed,
    dead,
    cancelled,
    p50Ms: quantile(latency, 0.5),
    p99Ms: quantile(latency, 0.99),
  };
}

/** The upper bound of the class that the quantile falls into; the last class, which has none, answers the bound before it. */
function quantile(latency: readonly number[], share: number): number | null {
  const total = latency.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  for (const [index, count] of latency.entries()) {
    seen += count;
    if (seen >= total * share) return LATENCY_BOUNDS_MS[index] ?? LATENCY_BOUNDS_MS.at(-1) ?? null;
  }
  return null;
}
