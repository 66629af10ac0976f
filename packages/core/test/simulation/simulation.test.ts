import { expect, test } from "vitest";
import { addTallies, describeFailure, NO_TALLY, runSeed, type Tally } from "./run-seed.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";

const SEEDS = Number(process.env["GENHOOK_TEST_SEEDS"] ?? 4);
const FLEET_SEEDS = Number(process.env["GENHOOK_TEST_SEEDS"] ?? 1);
const FIRST_SEED = Number(process.env["GENHOOK_TEST_FIRST_SEED"] ?? 1);

async function runSeeds(scenario: Scenario, seeds: number): Promise<Tally> {
  let tally = NO_TALLY;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + seeds; seed += 1) {
    const result = await runSeed(scenario, seed);
    if (result.kind === "failed") throw new Error(describeFailure(result.failure));
    tally = addTallies(tally, result.tally);
  }
  return tally;
}

/** A short form of `npm run simulate`. */
for (const scenario of SCENARIOS) {
  const seeds = scenario.options.isFleet === true ? FLEET_SEEDS : SEEDS;
  test(`simulation, ${scenario.title}: ${seeds} seeds from ${FIRST_SEED}`, { timeout: 3_600_000 }, async () => {
    const tally = await runSeeds(scenario, seeds);
    const { events, attempts, inOrder, pulled, numbered } = tally;
    console.log(`simulation, ${scenario.name}: ${JSON.stringify({ events, attempts, inOrder, pulled, numbered, ...tally.injected })}`);
    expect(events).toBeGreaterThan(seeds * 50);
    expect(attempts).toBeGreaterThan(events);
    expect(inOrder).toBeGreaterThan(seeds * 20);
    expect(numbered).toBeGreaterThan(seeds * 10);
  });
}
