import type { Hint, Hints } from "@genhook/core";

export interface MemoryHints extends Hints {
  close(): Promise<void>;
}

/** Hints between the processes on one memory store; each call connects one more. They arrive in a turn of their own. */
export function memoryHints(): () => MemoryHints {
  const listeners = new Map<Hints, (hint: Hint) => void>();
  return () => {
    const own: MemoryHints = {
      tell: (hint) => {
        for (const [other, onHint] of listeners) if (other !== own) queueMicrotask(() => onHint(hint));
      },
      listen: (onHint) => {
        listeners.set(own, onHint);
      },
      isWorking: true,
      close: () => {
        listeners.delete(own);
        return Promise.resolve();
      },
    };
    return own;
  };
}
