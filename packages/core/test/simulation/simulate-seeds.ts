import { runSeed, scenarioNamed } from "./run-seed.ts";

/** A process of `npm run simulate`: lives its seeds, all scenarios of one after the other, and tells what each came to. */
const { from, to, step, names, scale } = JSON.parse(process.argv[2] ?? "{}") as {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly names: readonly string[];
  readonly scale: number;
};

for (let seed = from; seed < to; seed += step) {
  for (const name of names) {
    const result = await runSeed(scenarioNamed(name), seed, scale);
    process.send?.({ scenario: name, result });
  }
}
process.disconnect();
