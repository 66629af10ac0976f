import { DECLARATION_AGAIN_MS, DECLARATION_PAUSE_MS } from "../limits.ts";
import type { Timer, Timers } from "../ports/clock.ts";
import { followDeclaration, type DeclarationStep, type DeclarationTools } from "./declarations.ts";
import type { DecideChange, DirectoryService } from "./directory-service.ts";

export interface DeclarationFollowerOptions {
  readonly directory: DirectoryService;
  readonly tools: DeclarationTools;
  readonly timers: Timers;
  /** Puts the record of a step beside it. */
  readonly audited: (decide: DecideChange<DeclarationStep | null>) => DecideChange<DeclarationStep | null>;
  readonly onStep: (step: DeclarationStep) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Brings existing installations to what their apps declare, in short transactions with pauses between them. What is left to do follows from
 * the directory alone, so a crash or a stop at any moment loses nothing, and two processes that do it at once only take steps from each other.
 */
export class DeclarationFollower {
  readonly #options: DeclarationFollowerOptions;
  #running: Promise<void> | null = null;
  #timer: Timer | null = null;
  #isStopped = false;

  constructor(options: DeclarationFollowerOptions) {
    this.#options = options;
  }

  /** To be called at start, and after every change of the directory. Cheap where there is nothing to do. */
  wake(): void {
    const { directory } = this.#options.directory;
    if (this.#isStopped || this.#running !== null || directory.declarations.appsBehind().size === 0) return;
    this.#running = this.#run().finally(() => {
      this.#running = null;
      // Whatever came while it ended.
      if (this.#timer === null) this.wake();
    });
  }

  /** Waits for the step under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (!this.#isStopped && (await this.#step())) await this.#pause(DECLARATION_PAUSE_MS);
    } catch (error) {
      this.#options.onError(error);
      this.#timer = this.#options.timers.after(DECLARATION_AGAIN_MS, () => {
        this.#timer = null;
        this.wake();
      });
    }
  }

  async #step(): Promise<boolean> {
    const { directory, tools, audited, onStep } = this.#options;
    const [app] = directory.directory.declarations.appsBehind();
    if (app === undefined) return false;
    const result = await directory.change(audited(followDeclaration(tools, app)));
    if (!result.ok) throw new Error(result.refusal.message);
    if (result.value !== null) onStep(result.value);
    else if (directory.directory.declarations.appsBehind().has(app))
      throw new Error(`app ${app} is behind, and nothing of it can be brought on`);
    return true;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.timers.after(delayMs, resolve);
    });
  }
}
