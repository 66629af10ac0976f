/** How long one piece of work may go on before others have their turn, ms. */
const TURN_MS = 10;

/**
 * Lets everybody else go on while one request is worked on for long: heart beats, other answers, deliveries in flight. Asked between
 * steps that are short themselves; gives the event loop a turn when one is due.
 */
export class Turns {
  #since = performance.now();

  /** Null while there is time left, so that short work never waits. */
  pause(): Promise<void> | null {
    if (performance.now() - this.#since < TURN_MS) return null;
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#since = performance.now();
        resolve();
      });
    });
  }
}
