// What filters, fields and older versions cost per event in CPU time (collecting garbage included), on the topic's sample and on an order with 200 line items. Run: node packages/server/bench/payload-forms.ts
import { CURRENT_VERSION, TOPIC_BY_NAME } from "@genhook/contract";
import type { EventPayload, SubscriptionSettings } from "@genhook/core";
import { makePayloads } from "../src/runtime/payload-forms.ts";

const payloads = makePayloads(TOPIC_BY_NAME, (what, error) => {
  throw new Error(what, { cause: error });
});
const sample = TOPIC_BY_NAME.get("orders/create")?.sample;
const { order } = sample as { readonly order: { readonly lineItems: readonly unknown[] } };
const small = Buffer.from(JSON.stringify({ order }));
const large = Buffer.from(JSON.stringify({ order: { ...order, lineItems: Array.from({ length: 200 }, () => order.lineItems[0]) } }));
const fields = ["order.id", "order.totalPrice", "order.lineItems[*].sku"];
let ids = 0;

/** A new event each time: nothing of it is known yet. */
function makeEvent(payload: Uint8Array): EventPayload {
  ids += 1;
  return { id: String(ids), topic: "orders/create", apiVersion: CURRENT_VERSION, changed: null, payload };
}

function select(payload: Uint8Array, all: readonly SubscriptionSettings[]): void {
  const selection = payloads.selectionOf(makeEvent(payload));
  for (const settings of all) selection.select(settings, CURRENT_VERSION);
}

function measure(name: string, times: number, work: () => void): void {
  for (let n = 0; n < times / 4; n += 1) work();
  const began = process.cpuUsage();
  for (let n = 0; n < times; n += 1) work();
  const { user, system } = process.cpuUsage(began);
  console.log(`${name.padEnd(64)} ${((user + system) / times).toFixed(2).padStart(9)} µs`);
}

const filter = "order.totalPrice > 100 and order.financialStatus = 'pending'";
const shared = makeEvent(small);
console.log(`small: ${small.length} bytes, large: ${large.length} bytes`);
measure("no filter", 1_000_000, () => select(small, [{}]));
measure("one filter, small", 50_000, () => select(small, [{ filter }]));
measure("one filter over all line items, large", 5_000, () => select(large, [{ filter: "order.lineItems[*].sku = 'X'" }]));
const same = Array.from({ length: 1_000 }, () => ({ filter }));
measure("1,000 webhooks with the same filter, small", 2_000, () => select(small, same));
const each = same.map((_, index) => ({ filter: `order.totalPrice > ${index} and order.id != ${index}` }));
measure("1,000 webhooks with a filter each, small", 500, () => select(small, each));
measure("fields, small, first of its shape", 50_000, () => payloads.bodyOf(makeEvent(small), CURRENT_VERSION, fields));
measure("fields, small, shared", 1_000_000, () => payloads.bodyOf(shared, CURRENT_VERSION, fields));
measure("fields, large, first of its shape", 5_000, () => payloads.bodyOf(makeEvent(large), CURRENT_VERSION, fields));
measure("202410, small, first of its shape", 50_000, () => payloads.bodyOf(makeEvent(small), "202410", undefined));
measure("202410, large, first of its shape", 5_000, () => payloads.bodyOf(makeEvent(large), "202410", undefined));
measure("for comparison: JSON.parse, small", 50_000, () => JSON.parse(small.toString()));
measure("for comparison: JSON.parse, large", 5_000, () => JSON.parse(large.toString()));
const hostile = Buffer.from(`{"order":{"a":[${Array.from({ length: 1_000 }, () => `[${"0,".repeat(250)}0]`).join(",")}]}}`);
const costly = same.map((_, index) => ({ filter: `order.a[*][*] = ${index + 1}` }));
measure("1,000 webhooks with filters that exceed their bounds, 0.5 MB", 10, () => select(hostile, costly));
