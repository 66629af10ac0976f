import { runSeed, scenarioNamed, type SeedResult } from "./run-seed.ts";

interface Part {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly names: readonly string[];
  readonly scale: number;
  readonly isOverAtFailure?: boolean;
}

/** A process of `npm run simulate`: lives its seeds, all scenarios of one after the other, and tells what each came to. */
async function runPart({ from, to, step, names, scale, isOverAtFailure = false }: Part): Promise<void> {
  for (let seed = from; seed < to; seed += step) {
    for (const name of names) {
      const result = await runSeed(scenarioNamed(name), seed, scale);
      await tell(name, result);
      if (result.kind === "failed" && isOverAtFailure) return;
    }
  }
}

function tell(scenario: string, result: SeedResult): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.({ scenario, result }, undefined, {}, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

await runPart(JSON.parse(process.argv[2] ?? "{}") as Part);
process.disconnect();
