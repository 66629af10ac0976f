import type { OutboxRow } from "./event.ts";

/** A row as `POST /platform/v1/events` takes it. The payload goes in as it is: nothing of it is written anew. */
export function eventText({ key, shop, topic, payload, clientId, triggeredAt, orderKey, changed, traceparent }: OutboxRow): string {
  const members = [
    `"shop":${JSON.stringify(shop)}`,
    `"topic":${JSON.stringify(topic)}`,
    `"idempotencyKey":${JSON.stringify(key)}`,
    ...(clientId === null ? [] : [`"clientId":${JSON.stringify(clientId)}`]),
    ...(triggeredAt === null ? [] : [`"triggeredAt":${JSON.stringify(triggeredAt)}`]),
    ...(orderKey === null ? [] : [`"orderKey":${JSON.stringify(orderKey)}`]),
    ...(changed === null ? [] : [`"changed":${changed}`]),
    ...(traceparent === null ? [] : [`"traceparent":${JSON.stringify(traceparent)}`]),
  ];
  return `{${members.join(",")},"payload":${payload}}`;
}
