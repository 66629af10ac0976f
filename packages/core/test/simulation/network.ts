import type { Hint, Hints } from "@genhook/core";
import type { SimulatedProcess } from "./simulated-process.ts";
import type { VirtualTime } from "./virtual-time.ts";

interface Listener {
  readonly process: SimulatedProcess;
  readonly onHint: (hint: Hint) => void;
}

/** Hints between processes over a wire that delays, and now and then loses or repeats them. */
export class HintNetwork {
  readonly #time: VirtualTime;
  readonly #random: () => number;
  readonly #listeners = new Map<Hints, Listener>();
  lossRate = 0;
  isUp = true;
  told = 0;
  lost = 0;

  constructor(time: VirtualTime, random: () => number) {
    this.#time = time;
    this.#random = random;
  }

  connect(process: SimulatedProcess): Hints {
    const isUp = (): boolean => this.isUp;
    const own: Hints = {
      tell: (hint) => {
        for (const [other, { process: to, onHint }] of this.#listeners) if (other !== own) this.#send(to, () => onHint(hint));
      },
      listen: (onHint) => {
        this.#listeners.set(own, { process, onHint });
      },
      get isWorking() {
        return isUp();
      },
    };
    return own;
  }

  #send(to: SimulatedProcess, arrive: () => void): void {
    if (!to.isAlive) return;
    this.told += 1;
    if (!this.isUp || this.#random() < this.lossRate) {
      this.lost += 1;
      return;
    }
    const delayMs = this.#random() < 0.02 ? this.#random() * 3_000 : 0.3 + this.#random() * 10;
    this.#time.after(delayMs, () => to.arrive(arrive));
    if (this.#random() < 0.02) this.#time.after(delayMs + this.#random() * 50, () => to.arrive(arrive));
  }
}
