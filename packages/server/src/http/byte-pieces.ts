/** Pieces up to this size are joined before the whole is. */
const SMALL_BYTES = 16_384;

/**
 * Bytes as they arrive, copied into one buffer once they are all there. Small pieces are joined with what is no larger as they come: thousands of
 * tiny ones neither pile up, each with an object of its own, nor are copied again with every further one.
 */
export class BytePieces {
  #pieces: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Buffer): void {
    this.#length += piece.length;
    let joined = piece;
    for (let last = this.#pieces.at(-1); last !== undefined; last = this.#pieces.at(-1)) {
      if (last.length > SMALL_BYTES || last.length > joined.length) break;
      this.#pieces.pop();
      joined = Buffer.concat([last, joined]);
    }
    this.#pieces.push(joined);
  }

  /** All of them, one behind the other; what comes next begins anew. */
  take(): Buffer {
    const [only] = this.#pieces;
    const whole = only !== undefined && this.#pieces.length === 1 ? only : Buffer.concat(this.#pieces, this.#length);
    this.clear();
    return whole;
  }

  clear(): void {
    this.#pieces = [];
    this.#length = 0;
  }
}
