import fc from "fast-check";

/** How long each fuzz test looks, in seconds, and from which seed: for long runs, and for running again what failed. */
const SECONDS = Number(process.env["GENHOOK_TEST_FUZZ_SECONDS"] ?? 2);
const SEED = Number(process.env["GENHOOK_TEST_FUZZ_SEED"] ?? Date.now() % 2_147_483_647);

/**
 * Tries a property with fresh cases for as long as `GENHOOK_TEST_FUZZ_SECONDS` says (2 unless set), and prints the seed that makes the
 * same cases again. Rejects with the smallest case that fails.
 */
export async function fuzz<Case>(
  name: string,
  cases: fc.Arbitrary<Case>,
  check: (each: Case) => void | Promise<void>,
  /** Part of that time which this one takes, where there are many. */
  share = 1,
): Promise<void> {
  let count = 0;
  const property = fc.asyncProperty(cases, async (each) => {
    count += 1;
    await check(each);
  });
  try {
    await fc.assert(property, {
      seed: SEED,
      numRuns: 1_000_000_000,
      interruptAfterTimeLimit: SECONDS * share * 1_000,
      markInterruptAsFailure: false,
    });
  } catch (error) {
    if (!String(error).includes("interrupted after 0 tests")) throw error;
    // A machine so busy that the time was over before the first case: that one is tried, however long it takes.
    await fc.assert(property, { seed: SEED, numRuns: 1 });
  } finally {
    console.log(`fuzz ${name}: ${count} cases; again with GENHOOK_TEST_FUZZ_SEED=${SEED} npm run fuzz -- -t "${name}"`);
  }
}
