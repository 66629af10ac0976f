import { directHeaders, DirectSender, type GivenSecrets } from "@genhook/server/direct";
import { pause } from "../pause.ts";
import { isTaken, type Answer } from "./listen-line.ts";
import type { PulledEvent } from "./pull-feed.ts";

const TIMEOUT_MS = 5_000;
const WAIT_MIN_MS = 500;
const WAIT_MAX_MS = 5_000;

export interface ForwarderOptions {
  readonly address: string;
  readonly secrets: GivenSecrets;
  /** How often an event is sent until it is taken. */
  readonly attempts: number;
  readonly signal: AbortSignal;
  /** Told when the address is not listened on, and when it is again. */
  readonly onAway: (detail: string) => void;
  readonly onBack: () => void;
  /** Told of an answer after which the event is sent again. */
  readonly onRefused: (event: PulledEvent, answer: Answer) => void;
}

/** Sends pulled events to a server of this machine, with the headers and signatures of a delivery. */
export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #sender = new DirectSender({ timeoutMs: TIMEOUT_MS });
  #isAway = false;

  constructor(options: ForwarderOptions) {
    this.#options = options;
  }

  /**
   * What it answered, to the last attempt where the first ones were not taken. Where nothing listens it is waited for; null once nobody wants to wait any
   * more, and it has answered nothing.
   */
  async send(event: PulledEvent, webhookId: string): Promise<Answer | null> {
    const { attempts, signal, onRefused } = this.#options;
    let before: Answer | null = null;
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#attempt(event, webhookId, attempt);
      if (answer === null) return before;
      if (isTaken(answer) || attempt >= attempts || signal.aborted) return answer;
      onRefused(event, answer);
      before = answer;
      await pause(Math.min(WAIT_MAX_MS, WAIT_MIN_MS * 2 ** attempt), signal);
    }
  }

  async #attempt(event: PulledEvent, webhookId: string, attempt: number): Promise<Answer | null> {
    const { address, signal } = this.#options;
    const body = Buffer.from(event.payload);
    for (let waitMs = WAIT_MIN_MS; !signal.aborted; waitMs = Math.min(WAIT_MAX_MS, waitMs * 2)) {
      const outcome = await this.#sender.post(address, this.#headers(event, webhookId, attempt, body), body);
      if (outcome.kind === "aborted") return null;
      const isAway = outcome.kind === "failure" && outcome.error === "connect_failed";
      if (!isAway) {
        if (this.#isAway) this.#options.onBack();
        this.#isAway = false;
        return outcome;
      }
      if (!this.#isAway) this.#options.onAway(outcome.detail);
      this.#isAway = true;
      await pause(waitMs, signal);
    }
    return null;
  }

  close(): Promise<void> {
    return this.#sender.close();
  }

  #headers(
    { id, topic, apiVersion, triggeredAt, isTest, deliveryId, shop, sequence }: PulledEvent,
    webhookId: string,
    attempt: number,
    payload: Uint8Array,
  ): string[] {
    const at = Date.now();
    const rest = { shop: 1, app: null, acceptedAt: at, orderKey: null, changed: null, traceparent: null };
    return directHeaders(
      {
        deliveryId,
        event: { ...rest, id, topic, apiVersion, triggeredAt, isTest, payload },
        shopDomain: shop,
        subscriptionId: Number(webhookId),
        subscriptionUuid: webhookId,
        attempt,
        isReplay: false,
        sequence,
        at,
      },
      this.#options.secrets,
      "number",
    );
  }
}
