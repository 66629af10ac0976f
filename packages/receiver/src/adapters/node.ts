import { concat, type Bytes } from "../bytes.ts";
import { ReceiverError } from "../error.ts";
import type { ApiVersion } from "../generated/topics.ts";
import { answerOf, respond, type Answer, type ReceiverOptions } from "../respond.ts";
import { bodyAlreadyParsed, toBytes } from "../verify/raw-body.ts";
import { tooLarge } from "./fetch.ts";

/** What the kit needs of `http.IncomingMessage`, and of what frameworks and parsers leave on it. */
export interface NodeRequest {
  readonly method?: string | undefined;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Whether the connection broke before anybody looked. */
  readonly destroyed?: boolean | undefined;
  /** Whether somebody has read from the stream. */
  readonly readableDidRead?: boolean | undefined;
  /** What a body parser left. Bytes and text are taken as they are. */
  readonly body?: unknown;
  /** The bytes, where a framework keeps them beside the parsed body (NestJS, Cloud Functions, koa-bodyparser). */
  readonly rawBody?: unknown;
  on(event: "data", listener: (chunk: Uint8Array | string) => void): unknown;
  on(event: "end" | "close", listener: () => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
}

/** What the kit needs of `http.ServerResponse`. */
export interface NodeResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
}

/** A handler for `node:http`, and for frameworks on top of it. It reads the body itself: mount it before anything that parses bodies. */
export function nodeReceiver<const Version extends ApiVersion = ApiVersion, Transaction = undefined>(
  options: ReceiverOptions<Version, Transaction>,
): (request: NodeRequest, response: NodeResponse) => Promise<void> {
  return async (request, response) => {
    const answer = await respondToNode(request, options);
    response.writeHead(answer.status, { ...answer.headers });
    response.end(answer.body);
  };
}

export async function respondToNode<Version extends ApiVersion, Transaction>(
  request: NodeRequest,
  options: ReceiverOptions<Version, Transaction>,
  /** Bytes that the framework has kept elsewhere. */
  kept?: unknown,
): Promise<Answer> {
  if (request.method !== "POST")
    return { ...answerOf(405, "method_not_allowed", "Webhooks are sent with POST."), headers: { Allow: "POST" } };
  return respond(options, request.headers, (bytesMax) => readNodeBody(request, bytesMax, kept));
}

async function readNodeBody(request: NodeRequest, bytesMax: number, kept: unknown): Promise<Bytes> {
  const found = [kept, request.rawBody, request.body].find(isRaw);
  const bytes = found === undefined ? await readStream(request, bytesMax) : toBytes(found);
  if (bytes.length > bytesMax) throw tooLarge(bytesMax);
  return bytes;
}

function isRaw(body: unknown): boolean {
  return typeof body === "string" || ArrayBuffer.isView(body);
}

function readStream(request: NodeRequest, bytesMax: number): Promise<Bytes> {
  if (request.readableDidRead === true) throw bodyAlreadyParsed("The request's body was read before, by a body parser.");
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const fail = (error: ReceiverError): void => {
      // What still comes is read and dropped, by Node itself too: closing on a sender that sends would cost it the answer.
      chunks.length = 0;
      reject(error);
    };
    const take = (chunk: Uint8Array | string): void => {
      const bytes = toBytes(chunk);
      length += bytes.length;
      if (length <= bytesMax) chunks.push(bytes);
      else fail(tooLarge(bytesMax));
    };
    const cutOff = (): void => fail(new ReceiverError("body_incomplete", "The connection ended before the body did."));
    request.on("data", take);
    request.on("end", () => resolve(concat(chunks)));
    // Both come after `end` too, when the promise is settled.
    if (request.destroyed === true) cutOff();
    request.on("error", cutOff);
    request.on("close", cutOff);
  });
}
