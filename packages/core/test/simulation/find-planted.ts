import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { PlantedBug } from "./planted-bugs.ts";
import type { Failure, SeedResult } from "./run-seed.ts";

/** What the first seed that failed says of a planted bug; null where no seed of those that it is given did. */
export function findPlanted({ name, scenario, seeds }: PlantedBug): Promise<Failure | null> {
  const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
  const child = fork(
    here("simulate-seeds.ts"),
    [JSON.stringify({ from: 1, to: 1 + seeds, step: 1, names: [scenario], scale: 1, isOverAtFailure: true })],
    {
      execArgv: ["--import", here("plant.ts")],
      env: { ...process.env, GENHOOK_TEST_PLANT: name },
    },
  );
  return new Promise((resolve, reject) => {
    let found: Failure | null = null;
    child.on("message", ({ result }: { readonly result: SeedResult }) => {
      if (result.kind === "failed") found = result.failure;
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (code === 0) resolve(found);
      else reject(new Error(`${name}: the process ended with ${signal ?? code}`));
    });
  });
}
