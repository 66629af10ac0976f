import { encode, type Bytes } from "../bytes.ts";
import { ReceiverError } from "../error.ts";

/** A raw body: the bytes as they arrived, or their exact text. Never one that was parsed and written again: its bytes are others. */
export type RawBody = Uint8Array | ArrayBuffer | string;

const REMEDY =
  "A signature covers the bytes that arrived; after parsing they are gone. " +
  'Express: mount expressReceiver before express.json(), or give this route express.raw({ type: "*/*" }). ' +
  "Fastify: register fastifyReceiver. " +
  "Next.js: nextReceiver in app/…/route.ts; under pages/api export const config = { api: { bodyParser: false } } and use nodeReceiver. " +
  "Koa: koaReceiver before the body parser. " +
  "Hono: do not read c.req.raw before. " +
  "NestJS: NestFactory.create(App, { rawBody: true }) and request.rawBody. " +
  'Lambda: Buffer.from(event.body, event.isBase64Encoded ? "base64" : "utf8").';

/** The bytes of a raw body. Throws `ReceiverError` with what to do when it is none. */
export function toBytes(body: unknown): Bytes {
  if (typeof body === "string") return encode(body);
  // Not `instanceof`: under Jest and in other realms a Buffer is no instance of this realm's Uint8Array.
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength);
  if (Object.prototype.toString.call(body) === "[object ArrayBuffer]") return new Uint8Array(body as ArrayBuffer);
  throw bodyAlreadyParsed(`The body must be bytes or text, and is ${describe(body)}.`);
}

export function bodyAlreadyParsed(finding: string): ReceiverError {
  return new ReceiverError("body_already_parsed", `${finding} ${REMEDY}`);
}

function describe(body: unknown): string {
  if (body === undefined || body === null) return `${String(body)}: nothing was read, or something else read it`;
  if (typeof body !== "object") return `a ${typeof body}`;
  if ((body as { type?: unknown }).type === "Buffer") return "a Buffer that went through JSON";
  if ("getReader" in body || "pipe" in body || "arrayBuffer" in body) return "a stream or a request: read its bytes first";
  return "an object: a body parser came first";
}
