/** An order as the shop's API shows it and as its events carry it. */
export interface Order {
  readonly id: string;
  readonly financialStatus: string;
  readonly updateTime: string;
}

/** What an app knows of a shop's orders, and every state that it got to see on the way. */
export class OrderBook {
  readonly orders: Map<string, Order> = new Map();
  readonly seen: string[] = [];

  /** The newest state wins, in whatever order they come. */
  apply(order: Order): void {
    const known = this.orders.get(order.id);
    if (known !== undefined && known.updateTime >= order.updateTime) return;
    this.orders.set(order.id, order);
    this.seen.push(`${order.id} ${order.financialStatus}`);
  }
}
