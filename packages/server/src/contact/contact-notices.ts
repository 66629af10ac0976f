import { endpointSign, type App, type Timers } from "@genhook/core";
import type { SecretVault } from "../secrets/secret-vault.ts";
import type { HttpSender } from "../send/http-sender.ts";
import type { Mailer } from "./notice-mail.ts";
import { postNotice } from "./notice-url.ts";
import type { Notice } from "./notice.ts";

/** Waits before each try, ms. Best effort: what is under way when the process ends is lost. */
const TRY_WAITS_MS: readonly number[] = [0, 30_000, 300_000];
/** Notices under way; beyond it they are dropped and counted: so many at once say that the trouble is ours. */
const NOTICES_MAX = 1_000;

export type Channel = "url" | "email";

export interface ContactNoticesOptions {
  readonly sender: Pick<HttpSender, "post">;
  readonly secrets: SecretVault;
  /** Null: no mail server is set, so nobody is mailed. */
  readonly mailer: Mailer | null;
  readonly timers: Timers;
  readonly now: () => number;
  readonly onSent: (notice: Notice, channel: Channel) => void;
  /** A try, or the last one, has failed. Nothing else follows: a contact that cannot be reached is nobody's incident. */
  readonly onFailed: (notice: Notice, channel: Channel, why: string, isLast: boolean) => void;
}

/** Tells apps about their endpoints, by the address and by e-mail, whichever of them the app has given. */
export class ContactNotices {
  readonly #options: ContactNoticesOptions;
  readonly #waits = new Set<() => void>();
  #underWay = 0;
  #isStopped = false;

  constructor(options: ContactNoticesOptions) {
    this.#options = options;
  }

  send(notice: Notice): void {
    const { sender, secrets, mailer, now } = this.#options;
    const { contactUrl, contactEmail }: App = notice.app;
    if (contactUrl !== null) {
      void this.#deliver(notice, "url", async () => {
        const outcome = await postNotice(sender, secrets, notice, contactUrl, now());
        if (endpointSign(outcome) === "success") return null;
        return outcome.kind === "response" ? `status ${outcome.status}` : outcome.kind === "failure" ? outcome.detail : "cut off";
      });
    }
    if (contactEmail !== null && mailer !== null) {
      void this.#deliver(notice, "email", () =>
        mailer.send(notice, contactEmail).then(
          () => null,
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        ),
      );
    }
  }

  /** Gives up what is not sent yet. */
  stop(): Promise<void> {
    this.#isStopped = true;
    for (const wake of this.#waits) wake();
    this.#options.mailer?.close();
    return Promise.resolve();
  }

  /** `tryOnce` answers why it failed, or null. */
  async #deliver(notice: Notice, channel: Channel, tryOnce: () => Promise<string | null>): Promise<void> {
    const { onSent, onFailed } = this.#options;
    if (this.#isStopped) return;
    if (this.#underWay >= NOTICES_MAX) {
      onFailed(notice, channel, "too many notices are under way", true);
      return;
    }
    this.#underWay += 1;
    for (const [index, waitMs] of TRY_WAITS_MS.entries()) {
      if (waitMs > 0) await this.#wait(waitMs);
      if (this.#isStopped) break;
      const why = await tryOnce();
      if (why === null) {
        onSent(notice, channel);
        break;
      }
      onFailed(notice, channel, why, index === TRY_WAITS_MS.length - 1);
    }
    this.#underWay -= 1;
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#waits.delete(wake);
        resolve();
      };
      const timer = this.#options.timers.after(delayMs, wake);
      this.#waits.add(wake);
    });
  }
}
