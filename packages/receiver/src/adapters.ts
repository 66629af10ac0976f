import { VerificationError } from "./error.ts";
import { parseEvent, type WebhookEvent } from "./event.ts";
import type { HeadersLike } from "./headers.ts";
import { concat } from "./bytes.ts";
import { verifyHmac, verifySignature, type RawBody, type VerifyOptions } from "./verify.ts";

/** Which secrets a receiver checks with; at least one kind. Both given: both signatures must be good. */
export interface ReceiverSecrets extends VerifyOptions {
  /** The app's signing secret(s), `whsec_…`. */
  readonly signingSecret?: string | readonly string[];
  /** The app's client secret(s). */
  readonly clientSecret?: string | readonly string[];
}

export interface ReceiverOptions extends ReceiverSecrets {
  /** Called once the request is known to be genuine. What it throws becomes `500`: the delivery is tried again. */
  readonly onEvent: (event: WebhookEvent) => void | Promise<void>;
  /** Told of requests that were refused. */
  readonly onRefused?: (error: VerificationError) => void;
  /** Largest body that is read, bytes; 1 MiB and a little unless given. */
  readonly bodyBytesMax?: number;
}

/** A payload of 1 MiB with room to spare. */
const BODY_BYTES_MAX = 1_100_000;

/** Verifies with every kind of secret that is given, then reads the event. Throws `VerificationError`. */
export async function receive(body: RawBody, headers: HeadersLike, secrets: ReceiverSecrets): Promise<WebhookEvent> {
  if (secrets.signingSecret === undefined && secrets.clientSecret === undefined) {
    throw new VerificationError("secret_malformed", "Give signingSecret or clientSecret; without one nothing can be verified.");
  }
  if (secrets.signingSecret !== undefined) await verifySignature(body, headers, secrets.signingSecret, secrets);
  if (secrets.clientSecret !== undefined) await verifyHmac(body, headers, secrets.clientSecret);
  return parseEvent(body, headers);
}

/** A handler for anything that speaks `fetch`: Deno, Bun, Workers, Hono, Next.js. */
export function fetchReceiver(options: ReceiverOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== "POST") return new Response(null, { status: 405, headers: { Allow: "POST" } });
    const body = new Uint8Array(await request.arrayBuffer());
    const status = body.length > (options.bodyBytesMax ?? BODY_BYTES_MAX) ? 413 : await process(body, request.headers, options);
    return new Response(null, { status });
  };
}

/** What the Node adapter needs of `http.IncomingMessage`. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** What the Node adapter needs of `http.ServerResponse`. */
export interface NodeResponse {
  writeHead(status: number): unknown;
  end(): unknown;
}

/** A handler for `node:http`, Express and the like. It reads the body itself: mount it before anything that parses bodies. */
export function nodeReceiver(options: ReceiverOptions): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return async (request, response) => {
    const status = request.method === "POST" ? await readAndProcess(request, options) : 405;
    response.writeHead(status);
    response.end();
  };
}

async function readAndProcess(request: NodeRequest, options: ReceiverOptions): Promise<number> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length > (options.bodyBytesMax ?? BODY_BYTES_MAX)) return 413;
    chunks.push(chunk);
  }
  return process(concat(chunks), request.headers, options);
}

async function process(body: Uint8Array, headers: HeadersLike, options: ReceiverOptions): Promise<number> {
  let event: WebhookEvent;
  try {
    event = await receive(body, headers, options);
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    options.onRefused?.(error);
    return error.reason === "body_malformed" ? 400 : 401;
  }
  try {
    await options.onEvent(event);
    return 200;
  } catch {
    return 500;
  }
}
