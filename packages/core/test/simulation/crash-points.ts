/** Armed crashes that find no such point again are given up after so many other points. */
const PATIENCE = 100;

/** Stands for whatever comes. */
const ANY = "";

/**
 * Chooses where processes die: at any point of their work (when a call of the store is made, when it was carried out and before its answer; when
 * an attempt starts, when it has ended). Half of them at one of the next points, whatever that is; half at a kind of point that was
 * reached before, each as likely as any other, so that the rare ones get their share.
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

  /** A process dies at one of the next points. */
  arm(): void {
    const isAny = this.#random() < 0.5;
    this.#armed = isAny ? ANY : (this.#kinds[Math.floor(this.#random() * this.#kinds.length)] ?? ANY);
    this.#left = Math.floor(this.#random() * (isAny ? 20 : 3));
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
    if (this.#armed !== ANY && this.#armed !== kind) {
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
