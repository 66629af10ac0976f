import { exec } from "node:child_process";
import { promisify } from "node:util";
import { usage } from "../cli-error.ts";
import { pause } from "../pause.ts";

const run = promisify(exec);

const COMMAND_TIMEOUT_MS = 10_000;
const LOOK_EVERY_MS = 100;
/** How long the work behind an answer may take until it counts. */
const SETTLE_MAX_MS = 10_000;
/** Work that must not happen is waited for at least so long, and twice as long as wanted work took. */
const QUIET_MIN_MS = 250;

/** What the endpoint did, counted by a command of its developer: how many events it has processed. */
export class Effects {
  readonly #command: string;
  readonly #signal: AbortSignal;
  #tookMs = 0;

  constructor(command: string, signal: AbortSignal) {
    this.#command = command;
    this.#signal = signal;
  }

  async count(): Promise<number> {
    let text: string;
    try {
      ({ stdout: text } = await run(this.#command, { timeout: COMMAND_TIMEOUT_MS, signal: this.#signal }));
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      const said = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
      throw usage(`The --effects command failed${said === "" ? "." : `: ${said}`}`);
    }
    const number = Number(text.trim());
    if (text.trim() !== "" && Number.isFinite(number)) return number;
    throw usage(`The --effects command must print a number: how many events were processed. It printed "${text.trim().slice(0, 80)}".`);
  }

  /** By how much the count has grown since, once it has; 0 when it did not within ten seconds. */
  async growth(before: number): Promise<number> {
    const startedAt = performance.now();
    for (;;) {
      const grown = (await this.count()) - before;
      const waitedMs = performance.now() - startedAt;
      if (grown !== 0) {
        this.#tookMs = Math.max(this.#tookMs, waitedMs);
        await this.#quiet();
        return (await this.count()) - before;
      }
      if (waitedMs > SETTLE_MAX_MS) return 0;
      await pause(LOOK_EVERY_MS, this.#signal);
    }
  }

  /** By how much the count has grown although nothing should have happened. */
  async growthAfterQuiet(before: number): Promise<number> {
    await this.#quiet();
    return (await this.count()) - before;
  }

  async #quiet(): Promise<void> {
    await pause(Math.max(QUIET_MIN_MS, 2 * this.#tookMs), this.#signal);
  }
}
