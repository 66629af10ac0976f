import { account, exactlyOnce } from "./account.ts";
import { BreachError, INVARIANTS, type Invariant } from "./breaches.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import { World } from "./world.ts";

/** What one seed of a scenario came to; numbers add up over seeds. */
export interface Tally {
  readonly seeds: number;
  /** Wall time, ms. */
  readonly tookMs: number;
  readonly virtualMs: number;
  readonly steps: number;
  readonly events: number;
  readonly deliveries: number;
  /** Requests that were started, and those that were recorded. */
  readonly arrived: number;
  readonly attempts: number;
  readonly inOrder: number;
  readonly pulled: number;
  readonly numbered: number;
  readonly healthy: number;
  /** Starts at endpoints with a rate. */
  readonly paced: number;
  /** The longest wait of a healthy delivery over all seeds, ms. */
  readonly longestWaitMs: number;
  readonly injected: Readonly<Record<string, number>>;
  readonly transitions: Readonly<Record<string, number>>;
  readonly crashPoints: Readonly<Record<string, number>>;
}

export interface Failure {
  readonly scenario: string;
  readonly seed: number;
  readonly scale: number;
  /** Null where it was no invariant that broke, but the simulation. */
  readonly invariant: Invariant | null;
  readonly says: string;
  readonly step: number;
  readonly atMs: number;
}

export type SeedResult = { readonly kind: "held"; readonly tally: Tally } | { readonly kind: "failed"; readonly failure: Failure };

export function scenarioNamed(name: string): Scenario {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`there is no scenario "${name}": ${SCENARIOS.map((each) => each.name).join(", ")}`);
  return scenario;
}

/** Lives one seed of a scenario from its beginning to its account. */
export async function runSeed({ name, options, live, isExact }: Scenario, seed: number, scale: number = 1): Promise<SeedResult> {
  const startedAt = performance.now();
  const world = new World({ ...options, seed, scale });
  try {
    await live(world);
    const pulled = await account(world);
    if (isExact) exactlyOnce(world);
    return { kind: "held", tally: tallyOf(world, pulled, performance.now() - startedAt) };
  } catch (error) {
    const { steps, clock } = world.time;
    const invariant = error instanceof BreachError ? error.breach.invariant : null;
    const says = error instanceof BreachError ? error.breach.says : String(error instanceof Error ? error.stack : error);
    return { kind: "failed", failure: { scenario: name, seed, scale, invariant, says, step: steps, atMs: Math.round(clock.monotonic()) } };
  }
}

/** The smallest scale at which the same invariant still breaks; what is left is easier to read. */
export async function shrink(failure: Failure): Promise<Failure> {
  let smallest = failure;
  for (const scale of [0.6, 0.35, 0.2, 0.1, 0.05]) {
    const result = await runSeed(scenarioNamed(failure.scenario), failure.seed, scale);
    if (result.kind === "failed" && result.failure.invariant === failure.invariant) smallest = result.failure;
  }
  return smallest;
}

/** What failed, and the command that shows it again. */
export function describeFailure({ scenario, seed, scale, invariant, says, step, atMs }: Failure): string {
  const promise = invariant === null ? "the simulation itself failed" : `${invariant}: ${INVARIANTS[invariant]}`;
  const shown = scale === 1 ? "" : ` --scale ${scale}`;
  return [
    `scenario ${scenario}, seed ${seed}, step ${step}, ${atMs} ms: ${says}`,
    `  broken: ${promise}`,
    `  again:  npm run simulate -- --scenario ${scenario} --from ${seed} --seeds 1${shown}`,
  ].join("\n");
}

export const NO_TALLY: Tally = {
  seeds: 0,
  tookMs: 0,
  virtualMs: 0,
  steps: 0,
  events: 0,
  deliveries: 0,
  arrived: 0,
  attempts: 0,
  inOrder: 0,
  pulled: 0,
  numbered: 0,
  healthy: 0,
  paced: 0,
  longestWaitMs: 0,
  injected: {},
  transitions: {},
  crashPoints: {},
};

export function addTallies(a: Tally, b: Tally): Tally {
  return {
    seeds: a.seeds + b.seeds,
    tookMs: a.tookMs + b.tookMs,
    virtualMs: a.virtualMs + b.virtualMs,
    steps: a.steps + b.steps,
    events: a.events + b.events,
    deliveries: a.deliveries + b.deliveries,
    arrived: a.arrived + b.arrived,
    attempts: a.attempts + b.attempts,
    inOrder: a.inOrder + b.inOrder,
    pulled: a.pulled + b.pulled,
    numbered: a.numbered + b.numbered,
    healthy: a.healthy + b.healthy,
    paced: a.paced + b.paced,
    longestWaitMs: Math.max(a.longestWaitMs, b.longestWaitMs),
    injected: addCounts(a.injected, b.injected),
    transitions: addCounts(a.transitions, b.transitions),
    crashPoints: addCounts(a.crashPoints, b.crashPoints),
  };
}

/** Processes that died. */
export function crashesOf({ injected }: Tally): number {
  return (injected["kills"] ?? 0) + (injected["crashes"] ?? 0);
}

function addCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  const sum = { ...a };
  for (const [key, count] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

function tallyOf(world: World, pulled: number, tookMs: number): Tally {
  const { time, ledger, waits, truth, hints } = world;
  return {
    seeds: 1,
    tookMs,
    virtualMs: time.clock.monotonic(),
    steps: time.steps,
    events: world.accepted.size,
    deliveries: ledger.counts.accepted,
    arrived: world.arrivals.length,
    attempts: ledger.attempts,
    inOrder: truth.order.checked,
    pulled,
    numbered: truth.numbers.checked,
    healthy: waits.counted,
    paced: world.limits.paced,
    longestWaitMs: waits.longestMs,
    injected: { ...world.injected, hintsTold: hints.told, hintsLost: hints.lost },
    transitions: Object.fromEntries(world.transitions.counts),
    crashPoints: Object.fromEntries(world.crashPoints.struck),
  };
}
