/** What is published in order: a shop's events with one order key. Statements spell it the same; a shop's domain has no space. */
export function laneOf(shop: string, orderKey: string): string {
  return `${shop} ${orderKey}`;
}
