/** What is subscribed to, and saved. */
export const ORDER_TOPICS = [
  "orders/create",
  "orders/update",
  "orders/paid",
  "orders/fulfilled",
  "orders/partiallyFulfilled",
  "orders/cancelled",
] as const;
