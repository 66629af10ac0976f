import type { EndpointState } from "../domain/endpoint-state.ts";
import { ENDPOINT_SAVE_EVERY_MS, ENDPOINT_SAVE_MAX, ENDPOINT_SAVE_WAIT_MS } from "../limits.ts";
import type { Clock, Timer, Timers } from "../ports/clock.ts";
import type { EndpointStates } from "../ports/endpoint-states.ts";

export interface EndpointSaverOptions {
  readonly states: EndpointStates;
  readonly clock: Clock;
  readonly timers: Timers;
  /** As it is now; null: there is nothing to save any more. */
  readonly stateOf: (endpoint: string) => EndpointState | null;
  readonly onSaved: (endpoint: string) => void;
  readonly onError: (error: unknown) => void;
}

/** Writes states of endpoints that have changed: gathered for a moment, and each endpoint's at most once in five seconds. */
export class EndpointSaver {
  readonly #options: EndpointSaverOptions;
  /** Endpoints to save, with the monotonic time before which they are not. */
  readonly #marked = new Map<string, number>();
  readonly #savedAt = new Map<string, number>();
  #timer: Timer | null = null;
  #timerAt = Number.POSITIVE_INFINITY;
  #isSaving = false;
  #isStopped = false;

  constructor(options: EndpointSaverOptions) {
    this.#options = options;
  }

  mark(endpoint: string): void {
    if (this.#marked.has(endpoint) || this.#isStopped) return;
    const now = this.#options.clock.monotonic();
    const last = this.#savedAt.get(endpoint) ?? Number.NEGATIVE_INFINITY;
    const at = Math.max(now + ENDPOINT_SAVE_WAIT_MS, last + ENDPOINT_SAVE_EVERY_MS);
    this.#marked.set(endpoint, at);
    if (at < this.#timerAt && !this.#isSaving) {
      this.#timer?.cancel();
      this.#timer = null;
    }
    this.#arm();
  }

  forget(endpoint: string): void {
    this.#marked.delete(endpoint);
  }

  /** At once, with these members changed. Rejects when it could not be saved. */
  async save(endpoint: string, changed: Partial<EndpointState>): Promise<void> {
    const state = this.#options.stateOf(endpoint);
    if (state === null) return;
    await this.#options.states.save([{ ...state, ...changed }]);
    this.#savedAt.set(endpoint, this.#options.clock.monotonic());
  }

  /** Saves what is marked, whatever was saved a moment ago. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#saveAll([...this.#marked.keys()]);
  }

  #arm(): void {
    if (this.#timer !== null || this.#isSaving || this.#marked.size === 0 || this.#isStopped) return;
    const { clock, timers } = this.#options;
    let next = Number.POSITIVE_INFINITY;
    for (const at of this.#marked.values()) next = Math.min(next, at);
    this.#timerAt = next;
    this.#timer = timers.after(Math.max(ENDPOINT_SAVE_WAIT_MS, next - clock.monotonic()), () => void this.#run());
  }

  async #run(): Promise<void> {
    this.#timer = null;
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#isSaving = true;
    const now = this.#options.clock.monotonic();
    const due = [...this.#marked].flatMap(([endpoint, at]) => (at <= now ? [endpoint] : []));
    for (const [endpoint, at] of this.#savedAt) if (now - at >= ENDPOINT_SAVE_EVERY_MS) this.#savedAt.delete(endpoint);
    await this.#saveAll(due);
    this.#isSaving = false;
    this.#arm();
  }

  async #saveAll(endpoints: readonly string[]): Promise<void> {
    const { states, clock, stateOf, onSaved, onError } = this.#options;
    for (let from = 0; from < endpoints.length; from += ENDPOINT_SAVE_MAX) {
      const step = endpoints.slice(from, from + ENDPOINT_SAVE_MAX);
      // What changes while it is being saved is marked anew.
      for (const endpoint of step) {
        this.#marked.delete(endpoint);
        this.#savedAt.set(endpoint, clock.monotonic());
      }
      try {
        await states.save(step.flatMap((endpoint) => stateOf(endpoint) ?? []));
      } catch (error) {
        onError(error);
        const again = clock.monotonic() + ENDPOINT_SAVE_EVERY_MS;
        for (const endpoint of step) if (!this.#marked.has(endpoint)) this.#marked.set(endpoint, again);
        continue;
      }
      for (const endpoint of step) if (!this.#marked.has(endpoint)) onSaved(endpoint);
    }
  }
}
