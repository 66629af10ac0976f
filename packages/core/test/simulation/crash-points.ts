/** Armed crashes that find no such point again are given up after so many other points. */
const PATIENCE = 2_000;

/**
 * Chooses where processes die: at any point of their work that was ever reached (before a call of the store is carried out, after it was and
 * before the answer, after the answer; when an attempt starts, when it ends), each kind of point as likely as any other.
 */
export class CrashPoints {
  readonly #random: () => number;
  readonly #kinds: string[] = [];
  readonly #known = new Set<string>();
  #armed: string | null = null;
  #left = 0;
  #patience = 0;
  /** Crashes by kind of point. */
  readonly struck = new Map<string, number>();

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The next process that comes to some kind of point, or one of the next few, dies there. */
  arm(): void {
    this.#armed = this.#kinds[Math.floor(this.#random() * this.#kinds.length)] ?? null;
    this.#left = Math.floor(this.#random() * 3);
    this.#patience = PATIENCE;
  }

  disarm(): void {
    this.#armed = null;
  }

  /** Whether the process that is here dies. */
  strikes(kind: string): boolean {
    if (!this.#known.has(kind)) {
      this.#known.add(kind);
      this.#kinds.push(kind);
    }
    if (this.#armed === null) return false;
    if (this.#armed !== kind) {
      this.#patience -= 1;
      if (this.#patience === 0) this.arm();
      return false;
    }
    this.#left -= 1;
    if (this.#left >= 0) return false;
    this.#armed = null;
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
    return true;
  }
}
