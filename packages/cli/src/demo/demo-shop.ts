import { TOPIC_BY_NAME } from "@genhook/contract";
import type { ApiClient } from "@genhook/contract/client";

const SAMPLE = (TOPIC_BY_NAME.get("orders/create")?.sample["order"] ?? {}) as Readonly<Record<string, unknown>>;

/** Publishes orders of one shop, one every `everyMs`, until it is stopped. */
export class DemoShop {
  readonly #api: ApiClient;
  readonly #domain: string;
  readonly #onPublished: (eventId: string, startedAt: number) => void;
  readonly #onFailed: (error: unknown) => void;
  #timer: NodeJS.Timeout | null = null;
  #orders = 0;
  #underWay: Promise<void> = Promise.resolve();

  constructor(
    api: ApiClient,
    domain: string,
    onPublished: (eventId: string, startedAt: number) => void,
    onFailed: (error: unknown) => void,
  ) {
    this.#api = api;
    this.#domain = domain;
    this.#onPublished = onPublished;
    this.#onFailed = onFailed;
  }

  start(everyMs: number): void {
    this.#timer = setInterval(() => {
      this.#underWay = this.publish().catch(this.#onFailed);
    }, everyMs);
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#underWay;
  }

  async publish(): Promise<void> {
    this.#orders += 1;
    const startedAt = performance.now();
    const price = (20 + ((this.#orders * 37) % 400) + 0.95).toFixed(2);
    const at = new Date().toISOString();
    const body = {
      shop: this.#domain,
      topic: "orders/create",
      payload: {
        order: {
          ...SAMPLE,
          id: `${Date.now()}${String(this.#orders).padStart(4, "0")}`,
          totalPrice: price,
          createTime: at,
          updateTime: at,
        },
      },
    };
    const answer = await this.#api.call("publishEvents", { body });
    if ("event" in answer) this.#onPublished(answer.event.id, startedAt);
  }
}
