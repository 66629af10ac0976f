import { createHmac, createSecretKey } from "node:crypto";
import { Agent } from "undici";

export interface SignedPostOptions {
  readonly origin: string;
  /** `/hooks`, unless given. */
  readonly path?: string;
  /** Further authorities that the endpoint may use. */
  readonly ca?: string;
  readonly connections: number;
  readonly clientSecret: string;
  readonly signingSecret: string;
}

/** Sends a payload as Genhook does: the same headers, both HMACs, one request at a time on each connection. */
export class SignedPost {
  readonly #options: SignedPostOptions;
  readonly #key: ReturnType<typeof createSecretKey>;
  readonly #agent: Agent;

  constructor(options: SignedPostOptions) {
    this.#options = options;
    this.#key = createSecretKey(Buffer.from(options.signingSecret.slice("whsec_".length), "base64"));
    const { connections, ca } = options;
    this.#agent = new Agent({ connections, pipelining: 1, allowH2: false, ...(ca === undefined ? {} : { connect: { ca } }) });
  }

  /** `done` is called once; with an error where the request failed or was not answered 2xx. */
  send(n: number, body: Buffer, done: (error?: Error) => void): void {
    const { origin, path = "/hooks" } = this.#options;
    let status = 0;
    this.#agent.dispatch(
      { origin, path, method: "POST", headers: this.#headers(n, body), body },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_, statusCode) => {
          status = statusCode;
        },
        onResponseData: () => undefined,
        onResponseEnd: () => done(status >= 200 && status < 300 ? undefined : new Error(`answered ${status}`)),
        onResponseError: (_, error) => done(error),
      },
    );
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  #headers(n: number, body: Buffer): string[] {
    const id = `dlv_${String(n).padStart(32, "0")}_1`;
    const timestamp = Math.floor(Date.now() / 1000);
    return [
      "content-type",
      "application/json",
      "user-agent",
      "Genhook/bench",
      "accept",
      "*/*",
      "accept-encoding",
      "identity",
      "X-Genstore-Topic",
      "orders/create",
      "X-Genstore-Hmac-Sha256",
      createHmac("sha256", this.#options.clientSecret).update(body).digest("base64"),
      "X-Genstore-Shop-Domain",
      "suns-shop.genmystore.com",
      "X-Genstore-API-Version",
      "202412",
      "X-Genstore-Webhook-Id",
      "8589934859",
      "X-Genstore-Triggered-At",
      "2024-12-30T23:59:59.000000000Z",
      "X-Genstore-Event-Id",
      "0193f0a0-b1c2-7000-8000-00000000abcd",
      "X-Genstore-Attempt",
      "1",
      "webhook-id",
      id,
      "webhook-timestamp",
      String(timestamp),
      "webhook-signature",
      `v1,${createHmac("sha256", this.#key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`,
    ];
  }
}
