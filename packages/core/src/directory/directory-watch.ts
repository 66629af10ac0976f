import { Trust, instantOf } from "../engine/trust.ts";
import { DIRECTORY_ASK_EVERY_MS, DIRECTORY_TRUST_MS } from "../limits.ts";
import type { Clock, Timer, Timers } from "../ports/clock.ts";
import type { DirectoryService } from "./directory-service.ts";

export interface DirectoryWatchOptions {
  readonly directory: DirectoryService;
  /** Whether another process may change the directory. */
  readonly isShared: boolean;
  /** This machine's own clock. */
  readonly clock: Clock;
  readonly timers: Timers;
  /** The copy is known to be current again, after it was not. */
  readonly onCurrent: () => void;
  /** Once for a row of failures. */
  readonly onError: (error: unknown) => void;
}

/**
 * Keeps this process's copy of the directory current, and knows how current it is. Asks the store for its version again and again, and at
 * once when another process tells of a change. The copy counts as current for 1.5 s from the moment of the question, so nothing starts later
 * than that against a right that was taken away elsewhere, even where every hint is lost, the store is away, or the process was frozen.
 *
 * On a store of one process there is nobody else, and it costs nothing.
 */
export class DirectoryWatch {
  readonly #options: DirectoryWatchOptions;
  readonly #trust: Trust;
  #isAsking = false;
  #isWantedAgain = false;
  #hasFailed = false;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(options: DirectoryWatchOptions) {
    this.#options = options;
    this.#trust = new Trust(options.clock);
    if (!options.isShared) this.#trust.extend(instantOf(options.clock), Number.POSITIVE_INFINITY);
  }

  /** To be asked before each act that a change of rights may forbid. */
  get isCurrent(): boolean {
    return this.#trust.isHeld;
  }

  /** Resolves after the first answer, or failure; goes on asking. */
  async start(): Promise<void> {
    if (this.#options.isShared) await this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Another process says that the directory is at this version or further. */
  told(version: number): void {
    if (this.#isStopped || !this.#options.isShared || version <= this.#options.directory.directory.version) return;
    // A question that is under way may have been answered before that change.
    if (this.#isAsking) this.#isWantedAgain = true;
    else void this.#ask();
  }

  async #ask(): Promise<void> {
    const { directory, clock, timers, onCurrent, onError } = this.#options;
    this.#timer?.cancel();
    this.#isAsking = true;
    this.#isWantedAgain = false;
    const asked = instantOf(clock);
    try {
      await directory.refresh();
      const wasCurrent = this.#trust.isHeld;
      this.#trust.extend(asked, DIRECTORY_TRUST_MS);
      this.#hasFailed = false;
      if (!wasCurrent && this.#trust.isHeld) onCurrent();
    } catch (error) {
      if (!this.#hasFailed) onError(error);
      this.#hasFailed = true;
    }
    this.#isAsking = false;
    if (this.#isStopped) return;
    const waitMs = this.#isWantedAgain ? 0 : Math.max(0, DIRECTORY_ASK_EVERY_MS - (clock.monotonic() - asked.monotonic));
    this.#timer = timers.after(waitMs, () => void this.#ask());
  }
}
