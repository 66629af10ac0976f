import type { BatchAnswer, ItemAnswer } from "@genhook/contract/client";
import { accepted, allLater, refused } from "./fixtures.ts";

export interface PublishedEvent {
  readonly text: string;
  readonly event: Readonly<Record<string, unknown>>;
}

/** What Genhook would be told by a source, and answers as it is set. */
export class Recorder {
  readonly events: PublishedEvent[] = [];
  /** Names of orders that are refused. */
  readonly bad = new Set<string>();
  isAway = false;
  readonly #waiting: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];
  requests = 0;

  /** The orders that were accepted, in order. */
  get orders(): readonly string[] {
    return this.events.map(({ event }) => orderOf(event));
  }

  readonly publish = async (texts: readonly string[]): Promise<BatchAnswer> => {
    this.requests += 1;
    if (this.isAway) {
      this.#tell();
      return allLater();
    }
    const items: ItemAnswer[] = [];
    for (const text of texts) {
      const event = JSON.parse(text) as Record<string, unknown>;
      const isBad = this.bad.has(orderOf(event));
      const isDuplicate = this.events.some((each) => each.event["idempotencyKey"] === event["idempotencyKey"]);
      items.push(isBad ? refused() : accepted(isDuplicate));
      if (!isBad && !isDuplicate) this.events.push({ text, event });
    }
    this.#tell();
    return { kind: "answered", items };
  };

  until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      if (holds()) resolve();
      else this.#waiting.push({ holds, resolve });
    });
  }

  waitFor(count: number): Promise<void> {
    return this.until(() => this.events.length >= count);
  }

  #tell(): void {
    for (const { holds, resolve } of this.#waiting) if (holds()) resolve();
  }
}

function orderOf({ payload }: Readonly<Record<string, unknown>>): string {
  return (payload as { readonly order: { readonly id: string } }).order.id;
}
