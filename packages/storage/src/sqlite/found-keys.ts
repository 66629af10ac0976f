import type { Credentials } from "@genhook/core";

type Found = Awaited<ReturnType<Credentials["findKey"]>>;

/**
 * Platform keys that were looked up before, each with the directory's version: good until one of the two is changed, which nobody but this process
 * can do to the file. Without it every publish would wait for its turn in the reader's thread, twice across.
 */
export class FoundKeys {
  readonly #found = new Map<string, Found>();
  #changes = 0;

  async find(hash: string, read: (hash: string) => Promise<Found>): Promise<Found> {
    const known = this.#found.get(hash);
    if (known !== undefined) return known;
    const changes = this.#changes;
    const found = await read(hash);
    // What was read may be from before a change that has ended since. Wrong keys are not kept: there is no end of them.
    if (found.key !== null && changes === this.#changes) this.#found.set(hash, found);
    return found;
  }

  /** Carries a change of keys or of the directory out. */
  async change<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#forget();
    try {
      return await work();
    } finally {
      this.#forget();
    }
  }

  #forget(): void {
    this.#changes += 1;
    this.#found.clear();
  }
}
