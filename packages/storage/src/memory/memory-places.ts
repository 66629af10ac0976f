import type { DeliveryKey, KeyBlock, Settlement } from "@genhook/core";

/** Places in ordered lanes, and the dead letters that block their keys. */
export class MemoryPlaces {
  readonly blocks = new Map<string, KeyBlock>();
  #last = 0;

  next(): number {
    this.#last += 1;
    return this.#last;
  }

  settled({ row, order }: Settlement): void {
    if (order === undefined) return;
    const { subscription, eventId, at: since } = row;
    if (order.blocks !== null) this.blocks.set(nameOfDelivery(row), { subscription, eventId, orderKey: order.blocks, since });
    if (order.unblocks) this.blocks.delete(nameOfDelivery(row));
  }

  has(delivery: DeliveryKey): boolean {
    return this.blocks.has(nameOfDelivery(delivery));
  }

  forget(isGone: (block: KeyBlock) => boolean): void {
    for (const [name, block] of this.blocks) if (isGone(block)) this.blocks.delete(name);
  }
}

export function nameOfDelivery({ subscription, eventId }: DeliveryKey): string {
  return `${subscription} ${eventId}`;
}
