import { eventText, OutboxError, readEvent } from "@genhook/outbox";
import { laneOf } from "../intake/lane.ts";
import type { SourceRecord } from "../intake/source.ts";

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
  readonly traceparent: string | null;
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
export function readRow(stored: StoredRow): OutboxRecord {
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
        traceparent: stored.traceparent ?? undefined,
      }),
    );
    return { ...named, event, bytes: encoder.encode(event).length, refusal: null };
  } catch (error) {
    if (!(error instanceof OutboxError)) throw error;
    const { code, message, member } = error;
    return { ...named, event: "", bytes: 0, refusal: { code, message, member } };
  }
}

function pathsOf(text: string | null): readonly string[] | undefined {
  if (text === null) return undefined;
  try {
    return JSON.parse(text) as readonly string[];
  } catch {
    throw new OutboxError("invalid_member", "changed", "changed must be a JSON list of payload paths.");
  }
}
