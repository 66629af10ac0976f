import { Payloads, type ConversionStep, type PayloadsOptions } from "@genhook/core";

const UTF8 = { decoder: new TextDecoder("utf-8", { ignoreBOM: true }), encoder: new TextEncoder() };

/** What is different about orders in 202410, and in 202408 again. */
const STEPS: Readonly<Record<string, readonly ConversionStep[]>> = {
  "orders/create 202410": [{ rename: "order.id", to: "orderId" }, { drop: "order.type" }],
  "orders/create 202408": [{ rename: "order.orderId", to: "number" }],
};

export function makePayloads(more: Partial<PayloadsOptions> = {}): Payloads {
  return new Payloads({
    text: { decode: (bytes) => UTF8.decoder.decode(bytes), encode: (text) => UTF8.encoder.encode(text) },
    versions: ["202412", "202410", "202408"],
    stepsTo: (topic, version) => STEPS[`${topic} ${version}`] ?? [],
    onError: (what, error) => {
      throw new Error(what, { cause: error });
    },
    ...more,
  });
}
