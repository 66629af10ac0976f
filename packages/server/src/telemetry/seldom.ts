/** What recurs many times a second, such as a full disk, is said this often, ms. */
const EVERY_MS = 10_000;

/** Says something at once, and what follows at most every ten seconds, with how often it happened since. */
export function seldom<Subject>(
  say: (subject: Subject, times: number) => void,
  monotonic: () => number = () => performance.now(),
): (subject: Subject) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  let times = 0;
  return (subject) => {
    times += 1;
    if (monotonic() - saidAt < EVERY_MS) return;
    saidAt = monotonic();
    say(subject, times);
    times = 0;
  };
}
