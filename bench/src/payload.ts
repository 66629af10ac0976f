import { TOPIC_BY_NAME } from "@genhook/contract";

const SAMPLE = TOPIC_BY_NAME.get("orders/create")?.sample as { readonly order: Readonly<Record<string, unknown>> };

/** The catalogue's own sample of `orders/create`. */
export const PAYLOAD: string = JSON.stringify(SAMPLE);

/** An order without its addresses, made exactly as long as is asked for by a note at its end; 1,024 bytes are enough for it. */
export function payloadOf(bytes: number): string {
  const { billingAddress: _, shippingAddress: __, ...order } = SAMPLE.order;
  const frame = JSON.stringify({ order, remark: "" });
  const missing = bytes - Buffer.byteLength(frame);
  if (missing < 0) throw new Error(`an order has ${Buffer.byteLength(frame)} bytes at least`);
  return `${frame.slice(0, -2)}${"x".repeat(missing)}"}`;
}
