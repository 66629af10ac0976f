import { OutboxSource } from "@genhook/sources/relay";
import { usage } from "../cli-error.ts";
import { makeIntakeLog } from "../intake/intake-log.ts";
import { runIntake, type IntakeFlags } from "../intake/run-intake.ts";
import type { Terminal } from "../output/terminal.ts";
import { openOutbox, type OutboxFlags } from "./open-outbox.ts";

export interface RelayFlags extends OutboxFlags, IntakeFlags {
  readonly onRefused?: string;
  readonly takeOver?: string;
}

/** Shorter than this a busy machine loses it by itself, ms. */
const LEASE_MIN_MS = 1_000;
const LEASE_MAX_MS = 600_000;

/** `genhook relay`: publishes what is written into an outbox. */
export async function relay(flags: RelayFlags, terminal: Terminal): Promise<void> {
  const { onRefused = "block" } = flags;
  if (onRefused !== "block" && onRefused !== "skip") throw usage(`--on-refused must be block or skip, not "${onRefused}".`);
  const leaseMs = readLease(flags.takeOver ?? "10s");
  const outbox = await openOutbox(flags, terminal, onRefused);
  try {
    await runIntake(new OutboxSource(outbox.store, { leaseMs, wake: outbox.wake }), flags, makeIntakeLog(), terminal);
  } finally {
    await outbox.close();
  }
}

function readLease(text: string): number {
  const match = /^(\d{1,4})(s|m)$/.exec(text);
  const leaseMs = match === null ? Number.NaN : Number(match[1]) * (match[2] === "m" ? 60_000 : 1_000);
  if (leaseMs >= LEASE_MIN_MS && leaseMs <= LEASE_MAX_MS) return leaseMs;
  throw usage(`--take-over must be from 1s to 10m, such as 10s, not "${text}".`);
}
