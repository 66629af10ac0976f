import type { Breach } from "@genhook/core";

/** What every crash run accounts for in the end. */
export interface Accounted {
  /** Publishes that were answered 202. */
  readonly accepted: number;
  /** Accepted events that did not arrive at every endpoint. Must be none. */
  readonly lost: readonly string[];
  /** Deliveries that arrived more than once: kills between sending and settling. */
  readonly repeated: number;
  /** What is wrong with the numbers of numbered webhooks. Must be nothing. */
  readonly misnumbered: readonly string[];
  /** What arrived out of the order of its key at the ordered webhook. Must be nothing. */
  readonly disordered: readonly string[];
  /** Still owed at the end. Must be 0. */
  readonly pending: number;
  /** What `genhook check` says of the store, in the end and where it was asked meanwhile. Must be nothing. */
  readonly breaches: readonly Breach[];
}

/** And of a cluster. */
export interface ClusterAccounted extends Accounted {
  /** Publishes that got no answer, or were told to come again: each was sent again under its key until it was accepted. */
  readonly refused: number;
  /** Most requests under way at one endpoint at once, over all processes: of those whose sender had not hung up when they were read. */
  readonly inFlightMax: number;
  readonly inFlightAllowed: number;
  /** Processes that ended by themselves. Must be none. */
  readonly exits: number;
  readonly seconds: number;
}
