import { ApiClient, ApiError, isLoss, type CallOptions, type ClientOptions } from "@genhook/contract/client";
import { textOf, type EventToPublish, type Published } from "./event.ts";
import { PublishError } from "./publish-error.ts";
import type { PublisherOptions } from "./publisher/options.ts";
import { Publisher } from "./publisher/publisher.ts";

/** Who calls: the platform by its key, or an app by an installation's token, for the App API. */
export type ClientKey = { readonly key: string; readonly accessToken?: never } | { readonly accessToken: string; readonly key?: never };

/** `origin` is `https://host:port` without a path; the rest has defaults. */
export type GenhookClientOptions = Omit<ClientOptions, "credentials"> & ClientKey;

const EVENTS_PATH = "/platform/v1/events";
const DEFAULT_RETRY = { attemptsMax: 5, waitMaxMs: 60_000, isLossRetried: true };

/**
 * Both APIs, typed by operation: `call`, and `pages` and `entries` for lists. What does not succeed throws an `ApiError`. Calls that can be
 * repeated without harm are, after lost connections, 5xx and, as late as `Retry-After` says, 429 and 503; nothing else of 4xx ever is.
 */
export class GenhookClient extends ApiClient {
  readonly #options: ClientOptions;

  constructor(options: GenhookClientOptions) {
    const { key, accessToken, ...rest } = options;
    requireOrigin(options.origin);
    requireCredential(key === undefined ? "accessToken" : "key", key ?? accessToken);
    const credentials = key === undefined ? ({ kind: "app", accessToken } as const) : ({ kind: "platform", key } as const);
    const resolved: ClientOptions = { retry: DEFAULT_RETRY, ...rest, credentials };
    super(resolved);
    this.#options = resolved;
  }

  /**
   * Publishes one event; resolves when it is durable. Made again where its answer was lost, under one idempotency key, so that it is published
   * once. Rejects with a `PublishError`. For more than a few a second take a `publisher`.
   */
  async publish(event: EventToPublish, options: Pick<CallOptions, "signal"> = {}): Promise<Published> {
    const { idempotencyKey, bytes } = textOf(event);
    try {
      const { answer } = await this.send({
        method: "POST",
        path: EVENTS_PATH,
        body: { mediaType: "application/json", content: bytes },
        isIdempotent: true,
        ...options,
      });
      return { ...(answer as { readonly event: Omit<Published, "idempotencyKey"> }).event, idempotencyKey };
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { code, message, status, member } = error;
      throw new PublishError(code, message, { idempotencyKey, status, member, isKnown: !isLoss(error), cause: error });
    }
  }

  /** Publishes many events: in batches, in bounded memory, each once. Close it at the end. */
  publisher(options: PublisherOptions = {}): Publisher {
    // The publisher waits and sends again by itself: what failed can then go along with what has come meanwhile.
    return new Publisher(new ApiClient({ ...this.#options, retry: { attemptsMax: 1, waitMaxMs: 0 } }), options);
  }
}

/** What is wrong here would otherwise look like a server that cannot be reached. */
function requireOrigin(origin: string): void {
  const url = URL.canParse(origin) ? new URL(origin) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && `${url.pathname}${url.search}${url.hash}` === "/") return;
  throw new TypeError(`origin must be http(s)://host:port without a path, not ${JSON.stringify(origin)}.`);
}

function requireCredential(name: string, value: string | undefined): void {
  if (value !== undefined && /^[\x21-\x7e]+$/.test(value)) return;
  const found =
    value === undefined || value === "" ? "it is empty or missing" : "it has a space, a line break or another character that none has";
  throw new TypeError(`GenhookClient needs key (the platform's) or accessToken (an installation's); ${name}: ${found}.`);
}
