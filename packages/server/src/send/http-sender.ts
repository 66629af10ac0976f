import type { AttemptRequest, Outcome, Sender } from "@genhook/core";
import type { SecretVault } from "../secrets/secret-vault.ts";
import { headersOf, signsBodiesOnce, type HeaderTerms } from "./delivery-headers.ts";
import { LocalClient, type HttpClient, type HttpClientOptions } from "./http-client.ts";
import { requestHead, Targets, type Target } from "./request-head.ts";
import { ThreadedClient, type ThreadTerms } from "./threaded-client.ts";

export interface HttpSenderOptions extends HttpClientOptions, Omit<HeaderTerms, "signBody"> {
  readonly secrets: Pick<SecretVault, "liveSecrets">;
  /** Connections are kept in threads of their own; in this one where not given. `resolve` is theirs then. */
  readonly threads?: ThreadTerms;
}

/** Makes attempts: signs them here and sends them over a client of our own, see docs/adr/0028-http-client.md. */
export class HttpSender implements Sender {
  readonly #options: HttpSenderOptions;
  readonly #terms: HeaderTerms;
  readonly #client: HttpClient;
  readonly #targets = new Targets();

  constructor(options: HttpSenderOptions) {
    this.#options = options;
    const { threads, webhookId, sendsTraceparent = false } = options;
    this.#terms = { webhookId, sendsTraceparent, signBody: signsBodiesOnce() };
    this.#client = threads === undefined ? new LocalClient(options) : new ThreadedClient(threads, options);
  }

  send(request: AttemptRequest, done: (outcome: Outcome) => void): void {
    const { secrets } = this.#options;
    const headers = (): string[] => headersOf(request, secrets.liveSecrets(request.app), this.#terms);
    this.post(request.address, headers, request.event.payload, done);
  }

  /** The same for any other request made on a tenant's behalf. Headers: names and values in turn, made inside so that a failure is an outcome. */
  post(address: string, makeHeaders: () => string[], body: Uint8Array, done: (outcome: Outcome) => void): void {
    let target: Target;
    let head: string;
    try {
      target = this.#targets.at(address);
      head = requestHead(target, makeHeaders(), body.length);
    } catch (error) {
      this.#options.onInternalError?.(error);
      const detail = error instanceof Error ? error.message : String(error);
      queueMicrotask(() => done({ kind: "failure", error: "internal_error", detail, durationMs: 0 }));
      return;
    }
    this.#client.post(target, head, asBuffer(body), done);
  }

  abortAll(): void {
    this.#client.abortAll();
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
