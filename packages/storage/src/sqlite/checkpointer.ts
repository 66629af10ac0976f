import type { CheckpointOperations } from "./checkpoint-thread.ts";
import type { ThreadCalls } from "./thread-calls.ts";
import type { WriterOperations } from "./writer-thread.ts";

/** How often the log is looked at, ms. */
const EVERY_MS = 1_000;
/** Pages of 4 KiB that wait in the log from which they are copied: below, copying would only wear the disk. */
const COPY_PAGES_MIN = 1_000;
/** Pages from which the writer itself lets the log begin again: bounds its size under a load that never pauses. */
const RESTART_PAGES_MIN = 16_384;

/**
 * Checkpoints by hand, off the request path: a thread of its own copies the log into the file while the writer commits. Only when the load
 * never pauses and the log has grown to 64 MiB does the writer stop for it, and then little is left to copy. The log's file is never cut
 * short while in use: a commit that overwrites it is synced in half the time of one that makes it grow.
 */
export class Checkpointer {
  readonly #copier: ThreadCalls<CheckpointOperations>;
  readonly #writer: ThreadCalls<WriterOperations>;
  readonly #timer: NodeJS.Timeout;
  #isBusy = false;
  #pagesBefore = 0;
  #underWay: Promise<void> = Promise.resolve();

  constructor(copier: ThreadCalls<CheckpointOperations>, writer: ThreadCalls<WriterOperations>) {
    this.#copier = copier;
    this.#writer = writer;
    this.#timer = setInterval(() => {
      if (this.#isBusy) return;
      this.#isBusy = true;
      this.#underWay = this.#checkpoint().finally(() => {
        this.#isBusy = false;
      });
    }, EVERY_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#underWay;
  }

  async #checkpoint(): Promise<void> {
    try {
      const { pages } = await this.#copier.call("checkpoint", [COPY_PAGES_MIN]);
      // A log that stands still begins again by itself with the next commit. In one that is committed to all the while there is always something
      // that is not copied yet, whatever was seen here: only the writer can say that there is not.
      const isMoving = pages !== this.#pagesBefore;
      this.#pagesBefore = pages;
      if (pages >= RESTART_PAGES_MIN && isMoving) await this.#writer.call("restartLog", []);
    } catch {
      // A full disk or a long read: the log stays, nothing is lost, and the next round tries again.
    }
  }
}
