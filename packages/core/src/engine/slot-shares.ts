import { SLOW_SHARE, UNKNOWN_SHARE } from "../limits.ts";
import type { LatePace } from "./late-pace.ts";
import { FairQueue, type Queued } from "./fair-queue.ts";

/**
 * What an attempt counts as when it takes one of the process's slots:
 *
 *   unknown    its endpoint has ended no attempt yet: one at a time, half of the slots over all such endpoints
 *   slow       it takes long, or fails more often than not, or has said nothing for 2 s: a quarter over all of them
 *   late       kept while its endpoint was away or its webhook held, or replayed: as many as leave the process time for the others
 *   retry      not the delivery's first attempt: a quarter while first attempts wait
 *   ordinary   anything else: whatever is free
 *
 * A bulkhead: 500 hanging endpoints take a quarter of the slots, and the others never notice. Each endpoint's own limits come first; this
 * bounds what many of them take together.
 */
export type SlotShare = "ordinary" | LimitedShare;
type LimitedShare = "unknown" | "slow" | "late" | "retry";

const LIMITED: readonly LimitedShare[] = ["unknown", "slow", "late", "retry"];

/** What a turn costs a shop here: with this, shops take turns whatever their number of lanes. */
const TURN_MS = 100;

/** The slots taken by share, and the lanes that wait for room in theirs: shops take turns there as well. */
export class SlotShares<Lane extends Queued> {
  readonly #max: Readonly<Record<LimitedShare, number>>;
  readonly #taken: Record<LimitedShare, number> = { unknown: 0, slow: 0, late: 0, retry: 0 };
  readonly #aside: Readonly<Record<LimitedShare, FairQueue<Lane>>> = {
    unknown: new FairQueue(),
    slow: new FairQueue(),
    late: new FairQueue(),
    retry: new FairQueue(),
  };

  readonly #pace: LatePace;

  /** `slots`: attempts in flight that this process allows itself. */
  constructor(slots: number, pace: LatePace) {
    this.#pace = pace;
    const part = (share: number): number => Math.max(1, Math.floor(slots * share));
    this.#max = { unknown: part(UNKNOWN_SHARE), slow: part(SLOW_SHARE), late: slots, retry: part(SLOW_SHARE) };
  }

  hasRoom(share: LimitedShare): boolean {
    return this.#taken[share] < this.#max[share] && (share !== "late" || this.#pace.hasRoom);
  }

  /** A lane whose share is full waits here, and nowhere else. */
  setAside(lane: Lane, share: LimitedShare): void {
    this.#aside[share].add(lane);
  }

  /** Whether something waits for room in this share. */
  isWanted(share: LimitedShare): boolean {
    return !this.#aside[share].isEmpty;
  }

  started(share: SlotShare): void {
    this.#pace.started(share === "late");
    if (share !== "ordinary") this.#taken[share] += 1;
  }

  ended(share: SlotShare): void {
    if (share !== "ordinary") this.#taken[share] -= 1;
  }

  /**
   * A lane that waits, where there is room in its share by now. Asked for each single start, and not told when an attempt ends: the lane that was
   * let in may need none of the room, and those behind it would then wait for an end that never comes.
   */
  takeWithRoom(): Lane | null {
    for (const share of LIMITED) {
      const lane = this.hasRoom(share) ? this.#next(share) : null;
      if (lane !== null) return lane;
    }
    return null;
  }

  /** A retry that waits, for a slot that nobody else asks for. */
  takeRetry(): Lane | null {
    return this.#next("retry");
  }

  #next(share: LimitedShare): Lane | null {
    const lane = this.#aside[share].next();
    if (lane !== null) this.#aside[share].chargeShop(lane.shop, TURN_MS);
    return lane;
  }
}
