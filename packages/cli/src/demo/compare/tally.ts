/** What an app knows of a shop's orders, got in one way: how old the news was, and what it never learnt. */
export class Tally {
  readonly #seen = new Map<string, number>();
  readonly #ages: number[] = [];
  /** One entry a second since the start: the ages of what was learnt in it. */
  readonly seconds: { readonly ages: number[]; missed: number; calls: number }[] = [];
  calls = 0;
  refused = 0;
  received = 0;
  changesSeen = 0;
  /** Changes that were overwritten by the next one before they were looked at. */
  missed = 0;

  get ordersSeen(): number {
    return this.#seen.size;
  }

  called(second: number): void {
    this.calls += 1;
    this.#second(second).calls += 1;
  }

  /** An order was seen at a version that it had reached `ageMs` ago. Answers whether that was news. */
  saw(id: string, version: number, ageMs: number, second: number): boolean {
    const before = this.#seen.get(id) ?? 0;
    if (version <= before) return false;
    this.#seen.set(id, version);
    const overwritten = version - before - 1;
    this.missed += overwritten;
    this.changesSeen += 1;
    this.#ages.push(ageMs);
    const entry = this.#second(second);
    entry.ages.push(ageMs);
    entry.missed += overwritten;
    return true;
  }

  /** Events come in any order, and each tells of one change: an older one that comes late is no longer missed. */
  gotEvent(id: string, version: number, ageMs: number, second: number, events: Set<string>): void {
    const key = `${id} ${version}`;
    if (events.has(key)) return;
    events.add(key);
    this.#seen.set(id, Math.max(version, this.#seen.get(id) ?? 0));
    this.changesSeen += 1;
    this.#ages.push(ageMs);
    this.#second(second).ages.push(ageMs);
  }

  /** The age, ms, below which this share of all news was; null before the first. */
  age(share: number): number | null {
    return quantile(this.#ages, share);
  }

  #second(second: number): { readonly ages: number[]; missed: number; calls: number } {
    while (this.seconds.length <= second) this.seconds.push({ ages: [], missed: 0, calls: 0 });
    return this.seconds[second] ?? { ages: [], missed: 0, calls: 0 };
  }
}

export function quantile(values: readonly number[], share: number): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
}
