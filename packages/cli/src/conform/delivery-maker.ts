import { randomInt } from "node:crypto";
import { CURRENT_VERSION, PAYLOAD_BYTES_MAX } from "@genhook/contract";
import { deliveryId, eventIdSource, momentOf } from "@genhook/core";
import type { HeaderSource } from "@genhook/server/direct";
import { varySample, type Payload } from "../publish/vary-sample.ts";

/** Where the made-up events come from. */
export interface MadePlace {
  readonly shopDomain: string;
  readonly topic: string;
  readonly apiVersion: string;
  readonly subscriptionId: number;
  readonly subscriptionUuid: string;
  readonly seed: number;
}

/** A delivery before it is signed. */
export type Draft = HeaderSource;

/** What differs from a first attempt made now. */
export interface DraftChange {
  readonly topic?: string;
  readonly body?: string;
  readonly attempt?: number;
  readonly isReplay?: boolean;
  readonly isTest?: boolean;
  readonly sequence?: number;
  /** How long ago the event happened, ms. */
  readonly ageMs?: number;
}

/** Makes deliveries like real ones, each of an order (customer, product, …) of its own. */
export class DeliveryMaker {
  readonly place: MadePlace;
  readonly #sampleOf: (topic: string) => Payload;
  readonly #makeId = eventIdSource({ now: Date.now }, () => randomInt(0x1_0000_0000));
  #number = 0;

  constructor(place: MadePlace, sampleOf: (topic: string) => Payload) {
    this.place = place;
    this.#sampleOf = sampleOf;
  }

  /** A first attempt of a new event. */
  draft(change: DraftChange = {}): Draft {
    const number = this.takeNumber();
    const topic = change.topic ?? this.place.topic;
    const id = this.#makeId();
    const now = Date.now();
    const happenedAt = now - (change.ageMs ?? 0);
    return {
      deliveryId: deliveryId({ eventId: id, subscription: this.place.subscriptionId }),
      event: {
        id,
        shop: 1,
        app: null,
        topic,
        apiVersion: this.place.apiVersion,
        triggeredAt: momentOf(happenedAt),
        acceptedAt: happenedAt,
        orderKey: null,
        traceparent: null,
        changed: null,
        isTest: change.isTest ?? false,
        payload: Buffer.from(change.body ?? JSON.stringify(this.payload(topic, number))),
      },
      shopDomain: this.place.shopDomain,
      subscriptionId: this.place.subscriptionId,
      subscriptionUuid: this.place.subscriptionUuid,
      attempt: change.attempt ?? 1,
      isReplay: change.isReplay ?? false,
      sequence: change.sequence ?? null,
      at: now,
    };
  }

  /** The same delivery, signed now, as a further attempt or a replay. */
  again(draft: Draft, change: Pick<DraftChange, "attempt" | "isReplay"> = {}): Draft {
    return { ...draft, attempt: change.attempt ?? draft.attempt, isReplay: change.isReplay ?? false, at: Date.now() };
  }

  /** A number that no payload had yet. */
  takeNumber(): number {
    this.#number += 1;
    return this.#number;
  }

  /** The n-th payload: ids and names are the same for all topics that speak of the same thing. */
  payload(topic: string, number: number): Payload {
    const { shopDomain, seed } = this.place;
    return varySample(this.#sampleOf(topic), seed, number, { shopDomain, shopId: null, clientId: null, at: Date.now() });
  }

  /** A fresh payload with one more member inside its root; the member is JSON as it is to stand there. */
  payloadWith(name: string, json: string): string {
    const payload = this.payload(this.place.topic, this.takeNumber());
    const [[root, inside] = ["", null]] = Object.entries(payload);
    const isWrapped = typeof inside === "object" && inside !== null && !Array.isArray(inside);
    const text = JSON.stringify(isWrapped ? inside : payload);
    const extended = `${text.slice(0, -1)}${text === "{}" ? "" : ","}${JSON.stringify(name)}:${json}}`;
    return isWrapped ? `{${JSON.stringify(root)}:${extended}}` : extended;
  }

  /** As large as a payload may be, to the byte. */
  largestPayload(): string {
    const empty = this.payloadWith("padding", '""');
    const room = PAYLOAD_BYTES_MAX - Buffer.byteLength(empty);
    const at = empty.lastIndexOf('""') + 1;
    return empty.slice(0, at) + "x".repeat(room) + empty.slice(at);
  }

  /** JSON that comes out otherwise when it is parsed and written again. */
  oddPayload(): string {
    const member = String.raw`{ "z": 12.00,` + "\r\n\t" + String.raw`"a": 9007199254740993, "text": "gr\u00fc\u00DFe \/ grüße 🎉" }`;
    return ` ${this.payloadWith("oddBytes", member)}\n`;
  }
}

export const DEFAULT_PLACE: Omit<MadePlace, "topic" | "seed"> = {
  shopDomain: "conform-test.genmystore.com",
  apiVersion: CURRENT_VERSION,
  subscriptionId: 8_589_934_859,
  subscriptionUuid: "c0f0a7e5-0000-7000-8000-000000000001",
};
