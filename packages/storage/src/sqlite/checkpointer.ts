import type { CheckpointOperations } from "./checkpoint-thread.ts";
import type { ThreadCalls } from "./thread-calls.ts";
import type { WriterOperations } from "./writer-thread.ts";

/** How often the log is looked at, ms. */
const EVERY_MS = 1_000;
/** Pages of 4 KiB in the log from which it is copied: below, copying would only wear the disk. */
const COPY_PAGES_MIN = 1_000;
/** Pages from which the writer itself empties it: bounds the log's size under a load that never pauses. */
const TRUNCATE_PAGES_MIN = 32_768;

/**
 * Checkpoints by hand, off the request path: a thread of its own copies the log into the file while the writer commits. Only when the load
 * never pauses and the log has grown to 128 MiB does the writer stop for it, and then little is left to copy.
 */
export class Checkpointer {
  readonly #copier: ThreadCalls<CheckpointOperations>;
  readonly #writer: ThreadCalls<WriterOperations>;
  readonly #timer: NodeJS.Timeout;
  #copiedPages = 0;
  #isBusy = false;
  #underWay: Promise<void> = Promise.resolve();

  constructor(copier: ThreadCalls<CheckpointOperations>, writer: ThreadCalls<WriterOperations>, logPages: () => number) {
    this.#copier = copier;
    this.#writer = writer;
    this.#timer = setInterval(() => {
      if (this.#isBusy || logPages() < COPY_PAGES_MIN + this.#copiedPages) return;
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
      const { pages, copied } = await this.#copier.call("checkpoint", []);
      // All copied: the writer begins at the log's start again by itself, and the file's size no longer says how much there is.
      this.#copiedPages = copied === pages ? 0 : copied;
      if (pages < TRUNCATE_PAGES_MIN) return;
      await this.#writer.call("truncateLog", []);
      this.#copiedPages = 0;
    } catch {
      // A full disk or a long read: the log stays, nothing is lost, and the next round tries again.
    }
  }
}
