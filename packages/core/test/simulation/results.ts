import { addTallies, crashesOf, describeFailure, NO_TALLY, type Failure, type SeedResult, type Tally } from "./run-seed.ts";
import { allTransitions, Transitions } from "./transitions.ts";

const PROGRESS_EVERY_MS = 60_000;

/** What a run has come to so far, by scenario. */
export class Results {
  readonly tallies = new Map<string, Tally>();
  readonly failures: Failure[] = [];
  /** Every scenario is in the run, so every transition has to be. */
  readonly isWhole: boolean;
  #toldAt = Date.now();

  constructor(names: readonly string[], isWhole: boolean) {
    this.isWhole = isWhole;
    for (const name of names) this.tallies.set(name, NO_TALLY);
  }

  add(scenario: string, result: SeedResult): void {
    if (result.kind === "failed") {
      this.failures.push(result.failure);
      console.log(`FAILED ${describeFailure(result.failure)}`);
      return;
    }
    this.tallies.set(scenario, addTallies(this.tallies.get(scenario) ?? NO_TALLY, result.tally));
    if (Date.now() - this.#toldAt < PROGRESS_EVERY_MS) return;
    this.#toldAt = Date.now();
    const { seeds, attempts } = this.sum;
    console.log(`… ${seeds} lives, ${shown(attempts)} attempts, ${shown(crashesOf(this.sum))} crashes, ${this.failures.length} failed`);
  }

  addShrunk(failure: Failure): void {
    console.log(`the first failure, shrunk: ${describeFailure(failure)}`);
  }

  get sum(): Tally {
    return [...this.tallies.values()].reduce(addTallies, NO_TALLY);
  }

  get transitions(): Transitions {
    const transitions = new Transitions();
    transitions.add(this.sum.transitions);
    return transitions;
  }
}

/** Prints a run; answers whether everything held. */
export function printRun(results: Results, seeds: { readonly from: number; readonly count: number }, tookMs: number): boolean {
  const lives = results.sum.seeds + results.failures.length;
  const wanted = seeds.count * results.tallies.size;
  if (lives < wanted) console.log(`stopped after ${shown(lives)} of ${shown(wanted)} lives`);
  for (const [name, tally] of results.tallies) if (tally.seeds > 0) console.log(describeTally(name, tally));
  const { sum, transitions, failures, isWhole } = results;
  const { missing, unknown } = transitions;
  for (const key of allTransitions()) console.log(`  ${shown(transitions.counts.get(key) ?? 0).padStart(12)}  ${key}`);
  const points = Object.entries(sum.crashPoints).toSorted(([, a], [, b]) => b - a);
  console.log(`crashes at ${points.length} kinds of points: ${points.map(([kind, count]) => `${kind} ${count}`).join(", ")}`);
  console.log(
    `simulation: seeds ${seeds.from} to ${seeds.from + seeds.count - 1}, ${shown(sum.seeds)} lives, ${shown(sum.events)} events, ${shown(sum.deliveries)} deliveries, ${shown(sum.attempts)} attempts recorded (${shown(sum.arrived)} requests arrived), ${shown(crashesOf(sum))} crashes, ${shown(sum.steps)} steps each followed by the invariants, ${Math.round(sum.virtualMs / 3_600_000)} hours of virtual time, ${Math.round(tookMs / 1_000)} s`,
  );
  console.log(`${failures.length} failed; ${allTransitions().length - missing.length} of ${allTransitions().length} transitions taken`);
  if (isWhole) for (const key of missing) console.log(`NEVER TAKEN ${key}`);
  for (const key of unknown) console.log(`NOT IN THE TABLE ${key}`);
  return failures.length === 0 && unknown.length === 0 && (!isWhole || missing.length === 0);
}

function describeTally(name: string, tally: Tally): string {
  const injected = Object.entries(tally.injected)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${shown(count)} ${kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`);
  const healthy = tally.healthy === 0 ? "" : `, ${shown(tally.healthy)} healthy ones waited ${Math.round(tally.longestWaitMs)} ms at most`;
  return `${name}: ${tally.seeds} seeds, ${shown(tally.attempts)} attempts, ${shown(crashesOf(tally))} crashes, ${Object.keys(tally.transitions).length} transitions, ${(tally.virtualMs / 3_600_000).toFixed(1)} h virtual, ${(tally.tookMs / 1_000).toFixed(1)} s (${shown(tally.inOrder)} in order, ${shown(tally.pulled)} pulled, ${shown(tally.numbered)} looks at numbers, ${shown(tally.paced)} at a rate${healthy}; ${injected.join(", ")})`;
}

function shown(count: number): string {
  return count.toLocaleString("en");
}
