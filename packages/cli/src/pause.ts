import { setTimeout as wait } from "node:timers/promises";

/** Resolves after so many ms, or as soon as the signal says stop. */
export async function pause(delayMs: number, signal?: AbortSignal): Promise<void> {
  try {
    await wait(delayMs, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
