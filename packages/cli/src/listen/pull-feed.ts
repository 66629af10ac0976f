import { ApiClient, ApiError, type Answer, type Credentials } from "@genhook/contract/client";
import { payloadTexts } from "./payload-texts.ts";

/** An event under its number, with the payload's text as it is signed. */
export interface PulledEvent {
  readonly sequence: number;
  readonly id: string;
  readonly deliveryId: string;
  readonly topic: string;
  readonly shop: string;
  readonly apiVersion: string;
  readonly triggeredAt: string;
  readonly isTest: boolean;
  readonly payload: string;
}

/** A number whose event is not to be had. */
export interface MissingEvent {
  readonly sequence: number;
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
}

export interface PulledPage {
  readonly events: readonly (PulledEvent | MissingEvent)[];
  /** The highest number so far. */
  readonly last: number;
}

export const isMissing = (event: PulledEvent | MissingEvent): event is MissingEvent => "state" in event;

const PAGE = 50;
const WAIT_SECONDS = 30;
/** Longer than the server lets a call wait. */
const TIMEOUT_MS = 45_000;

/** The App API's calls for a webhook in pull mode. */
export class PullFeed {
  readonly client: ApiClient;
  readonly #reader: ApiClient;

  constructor(origin: string, credentials: Credentials) {
    const reading = { origin, credentials, parse: parseKeepingPayloads, timeoutMs: TIMEOUT_MS };
    this.client = new ApiClient(reading);
    // What is away or busy is waited for by whoever listens, who says so.
    this.#reader = new ApiClient({ ...reading, retry: { attemptsMax: 1, waitMaxMs: 0 } });
  }

  /** What the token may do. */
  async scopes(): Promise<readonly string[]> {
    return (await this.client.call("getScopes")).accessScopes;
  }

  async subscribe(topic: string): Promise<string> {
    const { webhook } = await this.client.call("createWebhook", { body: { webhook: { topic, mode: "pull" } } });
    return String(webhook.id);
  }

  /** Whether the webhook is still there, and one that can be pulled from. */
  async isThere(id: string): Promise<boolean> {
    try {
      return (await this.client.call("getWebhook", { params: { id } })).webhook.mode === "pull";
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
  }

  async unsubscribe(id: string): Promise<void> {
    await this.client.call("deleteWebhook", { params: { id } });
  }

  /** What follows a number, in order; waits for it. Null begins with the oldest number that is kept. */
  async read(id: string, after: number | null, signal: AbortSignal): Promise<PulledPage> {
    const query = { limit: PAGE, wait: `${WAIT_SECONDS}s`, ...(after === null ? {} : { after: String(after) }) };
    return pageOf((await this.#reader.call("catchUp", { params: { id }, query }, { signal })) as KeptPage);
  }
}

/** With the payloads as they stand in the answer. */
type KeptPage = Answer<"catchUp"> & { readonly payloadTexts: readonly string[] };

function parseKeepingPayloads(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null && "events" in value ? { ...value, payloadTexts: payloadTexts(text) } : value;
}

function pageOf({ events, last, payloadTexts: texts }: KeptPage): PulledPage {
  let next = 0;
  return {
    last,
    events: events.map((event) => {
      if (event.state !== "available") return event;
      const { state: _, payload: __, test, ...rest } = event;
      return { ...rest, isTest: test === true, payload: texts[next++] ?? "" };
    }),
  };
}
