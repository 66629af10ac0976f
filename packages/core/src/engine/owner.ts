import { LEASE_QUIET_CHECK_MS, LEASE_RENEW_AGAIN_MS, LEASE_RENEW_EVERY_MS, LEASE_STEP_MS, LEASE_STOP_MARGIN_MS } from "../limits.ts";
import type { Clock, Random, Timer, Timers } from "../ports/clock.ts";
import type { Hints } from "../ports/hints.ts";
import type { Lease, Leases, LeaseView } from "../ports/leases.ts";
import { planShards, type ShardPlan } from "./shard-plan.ts";
import { instantOf, Trust, type Instant } from "./trust.ts";

export interface GainedShard {
  readonly shard: number;
  /** Its last owner is not known to have given it up: requests of that owner may still be under way. */
  readonly isTakeOver: boolean;
}

export interface OwnerOptions {
  readonly node: string;
  /** False: own nothing, but be heard of and learn the store's time. */
  readonly delivers: boolean;
  readonly leases: Leases;
  readonly hints: Pick<Hints, "tell">;
  /** This machine's own clock. */
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** True when nothing that this process started in the shard is in flight or unsettled. */
  readonly isQuiet: (shard: number) => boolean;
  /** Shards to work on from here on, and shards to let go of. */
  readonly onChange: (gained: readonly GainedShard[], lost: readonly number[]) => void;
  /** The leases are trusted anew; the store told its time between the two moments. */
  readonly onRenewed: (view: LeaseView, sent: Instant, received: Instant) => void;
  /** Once for a row of failures. */
  readonly onError: (error: unknown) => void;
}

const NO_PLAN: ShardPlan = { claim: [], release: [], active: new Set(), draining: new Set(), isWaiting: false };

/**
 * Which shards this process owns, and until when it may act on it. Renews in time, carries out the plan that follows from each answer, and
 * retries soon when an answer fails. Leases that come back untouched after a lapse go on as they were. One that another process has had in
 * between is seen as not ours first, because nothing is claimed but what an answer showed as free; so it is lost, and gained anew.
 */
export class Owner {
  readonly #options: OwnerOptions;
  readonly #trust: Trust;
  #delivers: boolean;
  #view: LeaseView | null = null;
  #plan: ShardPlan = NO_PLAN;
  #renewing: Promise<void> | null = null;
  #isWantedAgain = false;
  #hasReleased = false;
  #hasFailed = false;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(options: OwnerOptions) {
    this.#options = options;
    this.#delivers = options.delivers;
    this.#trust = new Trust(options.clock);
  }

  /** Whether the shard is this process's to work on, as far as it knows; to start anything in it, `isTrusted` must hold as well. */
  owns(shard: number): boolean {
    return this.#plan.active.has(shard);
  }

  /** Shards to work on. */
  get shards(): readonly number[] {
    return [...this.#plan.active];
  }

  /** True while the last answer may be acted on; to be asked before each start. */
  get isTrusted(): boolean {
    return this.#trust.isHeld;
  }

  /** Takes what there is to take, and keeps renewing. Does not reject: without a store it goes on trying. */
  async start(): Promise<void> {
    await this.#renew();
    if (this.#plan.claim.length > 0) await this.#renew();
  }

  /** Renews at once: something has changed that is of interest here. */
  renewNow(): void {
    if (this.#isStopped || this.#view?.leaseMs === Number.POSITIVE_INFINITY) return;
    void this.#renew();
  }

  /** Gives up each shard as soon as it is quiet, and takes no more. */
  retire(): void {
    this.#delivers = false;
    this.renewNow();
  }

  /** Gives up the rest. To be called when nothing is under way any more, or will not be waited for. */
  async stop(): Promise<void> {
    const { leases, hints, node, onError } = this.#options;
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#trust.end();
    // A renewal that is overtaken by the farewell would bring the node back.
    await this.#renewing;
    try {
      await leases.leave(node);
      hints.tell({ kind: "leases" });
    } catch (error) {
      onError(error);
    }
  }

  async #renew(): Promise<void> {
    if (this.#renewing !== null) {
      this.#isWantedAgain = true;
      await this.#renewing;
      return;
    }
    this.#timer?.cancel();
    this.#isWantedAgain = false;
    this.#renewing = this.#renewOnce();
    await this.#renewing;
  }

  async #renewOnce(): Promise<void> {
    const { leases, clock, node, random, onRenewed, onError } = this.#options;
    let waitMs = LEASE_RENEW_AGAIN_MS * (0.5 + random());
    // Planned again now: what was quiet may have changed since the last answer.
    this.#replan();
    const { claim, release } = this.#plan;
    if (release.length > 0) this.#hasReleased = true;
    const sent = instantOf(clock);
    try {
      const view = await leases.renew({ node, delivers: this.#delivers, claim, release });
      if (this.#isStopped) return;
      this.#trust.extend(sent, view.leaseMs - LEASE_STOP_MARGIN_MS);
      // An answer that was too long on its way says nothing about who owns what now.
      if (this.#trust.isHeld) {
        this.#accept(view);
        onRenewed(view, sent, instantOf(clock));
        waitMs = LEASE_RENEW_EVERY_MS;
      } else {
        waitMs = LEASE_STEP_MS;
      }
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) onError(error);
      this.#hasFailed = true;
    }
    this.#renewing = null;
    this.#wait(this.#isWantedAgain ? LEASE_STEP_MS : waitMs);
  }

  /** Sets the next step: a renewal in time, or earlier when there is something to claim or to give up. */
  #wait(renewInMs: number): void {
    if (this.#isStopped || this.#view?.leaseMs === Number.POSITIVE_INFINITY) return;
    const { clock, timers } = this.#options;
    const { claim, release, isWaiting } = this.#plan;
    const hasWork = this.#trust.isHeld && (claim.length > 0 || release.length > 0);
    if (hasWork || renewInMs <= LEASE_QUIET_CHECK_MS || !isWaiting) {
      this.#timer = timers.after(hasWork ? LEASE_STEP_MS : renewInMs, () => void this.#renew());
      return;
    }
    const at = clock.monotonic();
    this.#timer = timers.after(LEASE_QUIET_CHECK_MS, () => {
      this.#replan();
      this.#wait(Math.max(0, renewInMs - (clock.monotonic() - at)));
    });
  }

  #accept(view: LeaseView): void {
    const before = this.#view;
    this.#view = view;
    this.#replan(before);
    if (!this.#hasReleased) return;
    this.#hasReleased = false;
    this.#options.hints.tell({ kind: "leases" });
  }

  /** Draws up the plan from the last answer and what is quiet now, and tells what came and went. */
  #replan(before: LeaseView | null = this.#view): void {
    const view = this.#view;
    if (view === null) return;
    const { node, isQuiet, onChange } = this.#options;
    const activeBefore = this.#plan.active;
    const nodes = this.#delivers ? view.nodes : view.nodes.filter((each) => each !== node);
    const plan = planShards(node, { nodes, leases: view.leases }, activeBefore, isQuiet);
    this.#plan = plan;
    const lost = [...activeBefore].filter((shard) => !plan.active.has(shard));
    const gained = view.leases
      .filter(({ shard }) => plan.active.has(shard) && !activeBefore.has(shard))
      .map((lease) => ({ shard: lease.shard, isTakeOver: isTakeOver(lease, before?.leases[lease.shard]) }));
    if (gained.length > 0 || lost.length > 0) onChange(gained, lost);
  }
}

/** Whether the lease was not seen free, given up, and taken by us since. */
function isTakeOver(now: Lease, before: Lease | undefined): boolean {
  if (before === undefined || before.isLapsed) return true;
  if (before.epoch === now.epoch) return before.owner !== now.owner;
  return before.owner !== null || now.epoch !== before.epoch + 1;
}
