import { ApiClient, ApiError, type Answer } from "@genhook/contract/client";
import { fetchAsApp } from "../session/app-access.ts";
import type { Connection } from "../session/connection.ts";
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

/** The calls for a webhook in pull mode: of the App API with a token for one shop, of app-wide access for the shop that is named. */
export class PullFeed {
  readonly client: ApiClient;
  readonly #reader: ApiClient;
  readonly #shop: string | null;

  private constructor(client: ApiClient, reader: ApiClient, shop: string | null) {
    this.client = client;
    this.#reader = reader;
    this.#shop = shop;
  }

  /** `shopOf` says which shop is meant, where the credentials are for all of an app's. */
  static async open(connection: Connection, shopOf: (client: ApiClient) => Promise<string>): Promise<PullFeed> {
    const { origin, credentials, signIn } = connection;
    const signedIn = signIn === null ? {} : { fetch: fetchAsApp(origin, signIn.secrets, signIn.keeper) };
    const reading = { origin, credentials, ...signedIn, parse: parseKeepingPayloads, timeoutMs: TIMEOUT_MS };
    const client = new ApiClient(reading);
    // What is away or busy is waited for by whoever listens, who says so.
    const reader = new ApiClient({ ...reading, retry: { attemptsMax: 1, waitMaxMs: 0 } });
    return new PullFeed(client, reader, credentials.kind === "apps" ? await shopOf(client) : null);
  }

  /** The shop, where the credentials are for several. */
  get shop(): string | null {
    return this.#shop;
  }

  /** What the app may do on the shop. */
  async scopes(): Promise<readonly string[]> {
    if (this.#shop === null) return (await this.client.call("getScopes")).accessScopes;
    const { installations } = await this.client.call("listAppInstallations", { query: { shop: this.#shop } });
    return installations[0]?.scopes ?? [];
  }

  async subscribe(topic: string): Promise<string> {
    const asked = { topic, mode: "pull" } as const;
    const { webhook } =
      this.#shop === null
        ? await this.client.call("createWebhook", { body: { webhook: asked } })
        : await this.client.call("createAppWebhook", { body: { webhook: { ...asked, shop: this.#shop } } });
    return String(webhook.id);
  }

  /** Whether the webhook is still there, and one that can be pulled from. */
  async isThere(id: string): Promise<boolean> {
    try {
      const { webhook } = await this.client.call(this.#shop === null ? "getWebhook" : "getAppWebhook", { params: { id } });
      return webhook.mode === "pull";
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return false;
      throw error;
    }
  }

  async unsubscribe(id: string): Promise<void> {
    await this.client.call(this.#shop === null ? "deleteWebhook" : "deleteAppWebhook", { params: { id } });
  }

  /** What follows a number, in order; waits for it. Null begins with the oldest number that is kept. */
  async read(id: string, after: number | null, signal: AbortSignal): Promise<PulledPage> {
    const query = { limit: PAGE, wait: `${WAIT_SECONDS}s`, ...(after === null ? {} : { after: String(after) }) };
    const operation = this.#shop === null ? "catchUp" : "catchUpAppWebhook";
    return pageOf((await this.#reader.call(operation, { params: { id }, query }, { signal })) as KeptPage);
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
