/** A bounded memory of what was computed: what was put in first goes first. Asking again computes again; nothing else depends on it. */
export class Kept<Value> {
  readonly #entries = new Map<string, { readonly value: Value; readonly size: number }>();
  readonly #sizeMax: number;
  #size = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /** An entry larger than all that may be kept is not kept. */
  put(key: string, value: Value, size = 1): void {
    if (size > this.#sizeMax) return;
    this.#size += size - (this.#entries.get(key)?.size ?? 0);
    this.#entries.delete(key);
    this.#entries.set(key, { value, size });
    for (const [oldest, entry] of this.#entries) {
      if (this.#size <= this.#sizeMax) break;
      this.#entries.delete(oldest);
      this.#size -= entry.size;
    }
  }
}
