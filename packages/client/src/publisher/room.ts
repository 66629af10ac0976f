interface Waiter {
  readonly bytes: number;
  readonly resolve: () => void;
  readonly refuse: () => void;
}

export class RoomClosed extends Error {}

/** Bounds what is held in memory, by number and by bytes. Who comes first is let in first. */
export class Room {
  events = 0;
  bytes = 0;
  readonly #eventsMax: number;
  readonly #bytesMax: number;
  readonly #waiters: Waiter[] = [];

  constructor(eventsMax: number, bytesMax: number) {
    this.#eventsMax = eventsMax;
    this.#bytesMax = bytesMax;
  }

  /** Takes room for one event: null where it is there, otherwise once it is. The signal ends the waiting. */
  take(bytes: number, signal: AbortSignal | undefined): Promise<void> | null {
    if (this.#waiters.length === 0 && this.#fits(bytes)) {
      this.#enter(bytes);
      return null;
    }
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(signal?.reason as Error);
        this.#admit();
      };
      const waiter: Waiter = {
        bytes,
        resolve: () => {
          signal?.removeEventListener("abort", leave);
          resolve();
        },
        refuse: () => {
          signal?.removeEventListener("abort", leave);
          reject(new RoomClosed());
        },
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiters.push(waiter);
    });
  }

  give(bytes: number): void {
    this.events -= 1;
    this.bytes -= bytes;
    this.#admit();
  }

  #admit(): void {
    for (let next = this.#waiters[0]; next !== undefined && this.#fits(next.bytes); next = this.#waiters[0]) {
      this.#waiters.shift();
      this.#enter(next.bytes);
      next.resolve();
    }
  }

  /** Sends those who wait away, with `RoomClosed`. */
  refuse(): void {
    for (const waiter of this.#waiters.splice(0)) waiter.refuse();
  }

  /** An event that is larger than all the room there is goes in alone. */
  #fits(bytes: number): boolean {
    return this.events === 0 || (this.events < this.#eventsMax && this.bytes + bytes <= this.#bytesMax);
  }

  #enter(bytes: number): void {
    this.events += 1;
    this.bytes += bytes;
  }
}
