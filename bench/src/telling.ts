import { cpus, loadavg } from "node:os";

/** Figures by name, told as they come, and all of them at the end. */
export class Telling {
  readonly #figures: Record<string, unknown> = {};
  readonly #isJson: boolean;
  readonly #loads: number[] = [];

  constructor(isJson: boolean) {
    this.#isJson = isJson;
  }

  tell(name: string, figure: unknown): void {
    this.#figures[name] = figure;
    this.#loads.push(loadavg()[0] ?? 0);
    // With --json too, but not among it: long runs are watched.
    console.error(`${name}: ${JSON.stringify(figure)}`);
  }

  /** With --json everything on standard output, and under which conditions it was measured. */
  end(conditions: object): void {
    if (!this.#isJson) return;
    const load = { from: Math.min(...this.#loads), to: Math.max(...this.#loads) };
    console.log(
      JSON.stringify(
        { at: new Date().toISOString().slice(0, 10), cores: cpus().length, load, ...conditions, figures: this.#figures },
        null,
        2,
      ),
    );
  }
}
