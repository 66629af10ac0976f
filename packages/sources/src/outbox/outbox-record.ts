import { OutboxError, readEvent, type OutboxRow } from "@genhook/outbox";
import type { Refusal, SourceRecord } from "../intake/source.ts";

/** A row as both databases give it. */
export interface StoredRow {
  readonly id: string;
  readonly key: string;
  readonly shop: string;
  readonly topic: string;
  readonly payload: string;
  readonly client_id: string | null;
  readonly triggered_at: string | null;
  readonly order_key: string | null;
  readonly changed: string | null;
  /** RFC 3339. */
  readonly created_at: string;
  /** Whether an earlier event of its order key is set aside. */
  readonly blocked: boolean;
}

export interface OutboxRecord extends SourceRecord {
  readonly id: string;
}

const encoder = new TextEncoder();

/**
 * A row as the event to publish. Rows that were not written by `insertEvent` are checked as it would have done, so that one that is broken cannot spoil
 * the request that carries it.
 */
export function readRow(stored: StoredRow): { readonly record: OutboxRecord; readonly refusal: Refusal | null } {
  const { id, shop, order_key: orderKey } = stored;
  const named = { id, label: `row ${id}`, lane: orderKey === null ? null : laneOf(shop, orderKey) };
  try {
    const event = eventText(
      readEvent({
        shop,
        topic: stored.topic,
        payload: stored.payload,
        idempotencyKey: stored.key,
        clientId: stored.client_id ?? undefined,
        triggeredAt: stored.triggered_at ?? stored.created_at,
        orderKey: orderKey ?? undefined,
        changed: pathsOf(stored.changed),
      }),
    );
    return { record: { ...named, event, bytes: encoder.encode(event).length }, refusal: null };
  } catch (error) {
    if (!(error instanceof OutboxError)) throw error;
    const { code, message, member } = error;
    return { record: { ...named, event: "", bytes: 0 }, refusal: { code, message, member } };
  }
}

/** As statements spell it. A shop's domain has no space. */
export function laneOf(shop: string, orderKey: string): string {
  return `${shop} ${orderKey}`;
}

/** The payload goes in as it is: nothing of it is written anew. */
function eventText({ key, shop, topic, payload, clientId, triggeredAt, orderKey, changed }: OutboxRow): string {
  const members = [
    `"shop":${JSON.stringify(shop)}`,
    `"topic":${JSON.stringify(topic)}`,
    `"idempotencyKey":${JSON.stringify(key)}`,
    ...(clientId === null ? [] : [`"clientId":${JSON.stringify(clientId)}`]),
    ...(triggeredAt === null ? [] : [`"triggeredAt":${JSON.stringify(triggeredAt)}`]),
    ...(orderKey === null ? [] : [`"orderKey":${JSON.stringify(orderKey)}`]),
    ...(changed === null ? [] : [`"changed":${changed}`]),
  ];
  return `{${members.join(",")},"payload":${payload}}`;
}

function pathsOf(text: string | null): readonly string[] | undefined {
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as readonly string[];
  } catch {
    throw new OutboxError("invalid_member", "changed", "changed must be a JSON list of payload paths.");
  }
}
