/** Keeps a short text per key, and changes it only when nobody else has: where a gap detector remembers what it has seen. */
export interface PositionStore {
  /** Null where nothing is kept. */
  read(key: string): Promise<string | null>;
  /** Writes `after` if `before` is still there (null: nothing is). False when something else is; then nothing is written. */
  swap(key: string, before: string | null, after: string): Promise<boolean>;
}

/** Keeps positions in this process: after a restart a detector begins anew. */
export function memoryPositions(): PositionStore {
  const texts = new Map<string, string>();
  return {
    read: (key) => Promise.resolve(texts.get(key) ?? null),
    swap: (key, before, after) => {
      if ((texts.get(key) ?? null) !== before) return Promise.resolve(false);
      texts.set(key, after);
      return Promise.resolve(true);
    },
  };
}
