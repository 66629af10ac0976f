import type { Answer } from "@genhook/contract/client";

/** What the points of a time come to. */
export interface Summary {
  readonly published: number;
  readonly delivered: number;
  readonly failed: number;
  readonly dead: number;
  /** Deliveries per second in the last point that is complete. */
  readonly perSecond: number;
  /** Of all attempts; null without any. */
  readonly success: number | null;
  /** Of the newest point that has one, ms. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly pending: number;
  readonly held: number;
  /** How long the oldest delivery has been due; 0 when none is. */
  readonly lateMs: number;
}

export function sumUp({ series, now: waiting }: Answer<"getStats">, stepMs: number, now: number): Summary {
  const total = (member: "published" | "delivered" | "failed" | "dead"): number => series.reduce((sum, point) => sum + point[member], 0);
  const complete = series.findLast((point) => Date.parse(point.at) + stepMs <= now);
  const delivered = total("delivered");
  const failed = total("failed");
  const oldest = waiting.oldestPendingAt === null ? now : Date.parse(waiting.oldestPendingAt);
  return {
    published: total("published"),
    delivered,
    failed,
    dead: total("dead"),
    perSecond: complete === undefined ? 0 : complete.delivered / (stepMs / 1_000),
    success: delivered + failed === 0 ? null : delivered / (delivered + failed),
    p50Ms: series.findLast((point) => point.p50Ms !== null)?.p50Ms ?? null,
    p99Ms: series.findLast((point) => point.p99Ms !== null)?.p99Ms ?? null,
    pending: waiting.pending,
    held: waiting.held,
    lateMs: Math.max(0, now - oldest),
  };
}

type Point = Answer<"getStats">["series"][number];

/** A point for every step of a time: where nothing was counted, there was nothing. The API leaves those out. */
export function fillGaps(points: readonly Point[], from: number, to: number, stepMs: number): readonly Point[] {
  const known = new Map(points.map((point) => [Date.parse(point.at), point]));
  const filled: Point[] = [];
  for (let at = Math.floor(from / stepMs) * stepMs; at <= to; at += stepMs) {
    filled.push(known.get(at) ?? { ...NOTHING, at: new Date(at).toISOString() });
  }
  return filled;
}

const NOTHING = { published: 0, delivered: 0, failed: 0, dead: 0, cancelled: 0, p50Ms: null, p99Ms: null } as const;
