import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { ApiError, apiError, fail } from "./api-error.ts";
import { BytePieces } from "./byte-pieces.ts";
import { findDuplicate, JsonError, skipSpace, valueEnd } from "./json-bytes.ts";

/** Bytes of request bodies held in memory at once, over all calls: what comes on top is told to come back. */
const BODIES_HELD_MAX_BYTES = 268_435_456;

/**
 * Counts the bytes of bodies that are being read or worked on, as they arrive: what is only announced takes no memory, and whoever announces
 * much and sends nothing must not keep others out.
 */
export class BodyBudget {
  #held = 0;

  open(): BodyAccount {
    return new BodyAccount((bytes) => {
      if (bytes > 0 && this.#held + bytes > BODIES_HELD_MAX_BYTES) {
        throw new ApiError(
          { code: "overloaded", message: "Too many large requests at once; try again in a moment." },
          { "Retry-After": "1", Connection: "close" },
        );
      }
      this.#held += bytes;
    });
  }
}

/** One request's part of the budget. */
export class BodyAccount {
  readonly #change: (bytes: number) => void;
  #held = 0;

  constructor(change: (bytes: number) => void) {
    this.#change = change;
  }

  /** Fails with 503 where there is no room. */
  take(bytes: number): void {
    this.#change(bytes);
    this.#held += bytes;
  }

  /** Gives back everything that was taken so far. */
  giveAll(): void {
    this.#change(-this.#held);
    this.#held = 0;
  }
}

/** The length that the request announces; null when it is chunked. Over the limit the call ends at once, before anything is read. */
export function announcedBytes(request: IncomingMessage, bytesMax: number): number | null {
  const header = request.headers["content-length"];
  if (header === undefined) return null;
  const bytes = Number(header);
  if (bytes > bytesMax) throw tooLarge(bytesMax);
  return bytes;
}

/**
 * The whole body; what goes over a limit is left unread. By events: `for await` makes several promises for each chunk and watches the stream besides,
 * which takes as long as parsing an event.
 */
export function readBody(request: IncomingMessage, bytesMax: number, account?: BodyAccount): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    announcedBytes(request, bytesMax);
    if (request.destroyed) throw bodyCut();
    const body = new BytePieces();
    const take = (chunk: Buffer): void => {
      try {
        if (body.length + chunk.length > bytesMax) throw tooLarge(bytesMax);
        account?.take(chunk.length);
        body.add(chunk);
      } catch (error) {
        request.off("data", take).pause();
        reject(error);
      }
    };
    request.on("data", take);
    request.on("end", () => resolve(body.take()));
    request.on("close", () => {
      if (!request.readableEnded) reject(bodyCut());
    });
  });
}

/** The caller went away, or was too slow, in the middle of its body. */
export function bodyCut(): ApiError {
  return apiError({ code: "malformed_json", message: "The request ended before its body was complete." });
}

export function tooLarge(bytesMax: number): ApiError {
  // What is still on its way is not read: the connection cannot be used again.
  return new ApiError(
    { code: "body_too_large", message: `The request has more than ${bytesMax} bytes, which is the most that this call takes.` },
    { Connection: "close" },
  );
}

/** The media type without parameters, lower case. A charset other than UTF-8 is refused. */
export function mediaType(request: IncomingMessage, allowed: readonly string[]): string {
  const [type = "", ...parameters] = (request.headers["content-type"] ?? "").split(";").map((part) => part.trim().toLowerCase());
  if (!allowed.includes(type)) {
    const given = type === "" ? "the request has no Content-Type" : `"${type.slice(0, 100)}" is not taken`;
    fail("unsupported_media_type", `Send Content-Type: ${allowed.join(" or ")}; ${given}.`);
  }
  const charset = parameters
    .find((parameter) => parameter.startsWith("charset="))
    ?.slice("charset=".length)
    .replaceAll('"', "");
  if (charset !== undefined && charset !== "utf-8" && charset !== "utf8") {
    fail("unsupported_media_type", `JSON is UTF-8; the charset ${charset.slice(0, 40)} is not taken.`);
  }
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") fail("unsupported_media_type", "Send the body without a Content-Encoding.");
  return type;
}

/** Reads JSON strictly: UTF-8, one value, bounded depth, no member twice. */
export function parseJson(bytes: Buffer): unknown {
  const value = parseText(bytes);
  try {
    // After JSON.parse has taken it, this can only fail for its depth.
    valueEnd(bytes, skipSpace(bytes, 0));
    const duplicate = findDuplicate(bytes);
    if (duplicate !== null) fail("duplicate_member", `${duplicate} stands twice; send it once.`, duplicate);
  } catch (error) {
    if (error instanceof JsonError) fail("malformed_json", error.message);
    throw error;
  }
  return value;
}

/** The one JSON value that the bytes are; fails with `malformed_json`, saying where. */
export function parseText(bytes: Buffer): unknown {
  if (bytes.length === 0) fail("malformed_json", "The body is empty; send a JSON object.");
  if (!isUtf8(bytes)) fail("malformed_json", "The body is not valid UTF-8.");
  if (bytes[0] === 0xef && bytes[1] === 0xbb) fail("malformed_json", "The body begins with a byte order mark; leave it out.");
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    return fail("malformed_json", `The body is not JSON: ${describeJsonError(error)}`);
  }
}

/** What is wrong with bytes that are no JSON. */
export function jsonError(bytes: Buffer): string {
  try {
    JSON.parse(bytes.toString("utf8"));
    return "it is nested too deep.";
  } catch (error) {
    return describeJsonError(error);
  }
}

/** V8 quotes the text around the error, which may hold personal data: only what went wrong and where is passed on. */
export function describeJsonError(error: unknown): string {
  const message = error instanceof Error ? error.message : "";
  const where = /at position (\d+)/.exec(message)?.[1];
  const what =
    message.startsWith("Unexpected end") || message.startsWith("Unterminated")
      ? "it ends too early"
      : "it has something that does not belong there";
  return `${what}${where === undefined ? "" : `, at byte ${where}`}.`;
}
