import { SHARDS } from "../domain/endpoint.ts";
import type { Clock, Timer, Timers } from "../ports/clock.ts";
import type { Leases } from "../ports/leases.ts";

/** How often leases are renewed, ms, and how long before they end sending stops. */
export const LEASE_RENEW_EVERY_MS = 2_500;
export const LEASE_STOP_MARGIN_MS = 2_000;

const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);

export interface OwnerOptions {
  readonly node: string;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Shards that came and shards that went. */
  readonly onChange: (gained: readonly number[], lost: readonly number[]) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Which shards this process owns, and until when it may act on it. Trust runs from the moment at which a renewal was *sent*, on monotonic
 * time, so no two machines' clocks are ever compared and a frozen process starts nothing when it wakes.
 */
export class Owner {
  readonly #options: OwnerOptions;
  readonly #owned = new Set<number>();
  #trustedUntil = 0;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(options: OwnerOptions) {
    this.#options = options;
  }

  owns(shard: number): boolean {
    return this.#owned.has(shard);
  }

  get shards(): readonly number[] {
    return [...this.#owned];
  }

  /** True while leases are held and may be acted on. */
  isTrusted(now: number): boolean {
    return now < this.#trustedUntil;
  }

  get isWhole(): boolean {
    return this.#owned.size === SHARDS;
  }

  /** Takes the first leases, and keeps renewing. */
  async start(): Promise<void> {
    await this.#renew();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#trustedUntil = 0;
    await this.#options.leases.leave(this.#options.node);
  }

  async #renew(): Promise<void> {
    const { leases, clock, timers, node, onChange, onError } = this.#options;
    const sentAt = clock.monotonic();
    let trustedForMs = 0;
    try {
      const view = await leases.renew({ node, delivers: true, claim: ALL_SHARDS, release: [] });
      if (this.#isStopped) return;
      trustedForMs = view.leaseMs;
      this.#trustedUntil = sentAt + trustedForMs - LEASE_STOP_MARGIN_MS;
      const own = view.leases.filter((lease) => lease.owner === node).map((lease) => lease.shard);
      const now = new Set(own);
      const gained = own.filter((shard) => !this.#owned.has(shard));
      const lost = [...this.#owned].filter((shard) => !now.has(shard));
      for (const shard of lost) this.#owned.delete(shard);
      for (const shard of gained) this.#owned.add(shard);
      if (gained.length > 0 || lost.length > 0) onChange(gained, lost);
    } catch (error) {
      onError(error);
    }
    if (this.#isStopped || trustedForMs === Number.POSITIVE_INFINITY) return;
    this.#timer = timers.after(LEASE_RENEW_EVERY_MS, () => void this.#renew());
  }
}
