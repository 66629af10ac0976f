import type { Failure } from "./attempt-failure.ts";
import { BODY_READ_BYTES, BodyStart } from "./kept-response.ts";

/** Bytes of one answer's status line and headers, and of a chunked body's trailers. */
const HEAD_MAX_BYTES = 16_384;
/**
 * Bytes of an answer that are neither its head nor its body: interim answers, chunk sizes and their extensions. 64 KiB in chunks of one byte
 * need five times as much.
 */
const OVERHEAD_MAX_BYTES = 524_288;
/** A chunk's size in hexadecimal digits: 64 bits. */
const CHUNK_DIGITS_MAX = 16;

/** Of the last header's line end and the empty line. */
const HEAD_END_BYTES = 4;
const NONE: readonly string[] = [];

const TAB = 0x09;
const CR = 0x0d;
const LF = 0x0a;
const SEMICOLON = 0x3b;

const VERSION_START = "HTTP/1.";
const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: .*)?$/;
/** Control characters but the tab: nothing that a line may have (RFC 9110 5.5). A carriage return inside a line is one of them. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const NOT_IN_A_LINE = /[\x00-\x08\x0a-\x1f\x7f]/;

/** Whether a byte may stand in a header's name (`tchar` of RFC 9110 5.6.2), by its code. */
const IS_TOKEN: readonly boolean[] = Array.from({ length: 256 }, (_, code) =>
  /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(String.fromCharCode(code)),
);

/** `more`: not whole yet. `whole`: read to its end. `enough`: as much of the body was read as ever is. Otherwise why it is no answer. */
export type Progress = "more" | "whole" | "enough" | Failure;

type State = "head" | BodyState | "trailers" | "whole";
type BodyState = "until close" | "length" | "chunk" | AroundChunk;
type AroundChunk = "size" | "extension" | "size end" | "chunk CR" | "chunk LF";

/**
 * Reads one answer of HTTP/1.1 (RFC 9112) as its bytes come, in whatever pieces; pure. As strict as llhttp without its leniencies: what two
 * readers could understand in two ways is no answer. Interim answers (1xx) are passed over, asked for or not (RFC 9110 15.2).
 *
 * States: the head; then, by what the head announces, a body of a length, of chunks and trailers, or until the connection closes; whole.
 * Everything is bounded: the head, the trailers, what stands around the body, and what is read of the body.
 */
export class AnswerReader {
  #state: State = "head";
  /** The head, or the trailers, so far; where in it the next line begins, and the headers do (0: behind a status line that is not there yet). */
  #text = "";
  #lineAt = 0;
  #headersAt = 0;
  #headers = "";
  #overheadBytes = 0;
  #isHttp10 = false;
  #length: number | null = null;
  #encodings = "";
  #connection = "";
  #hasUpgrade = false;
  /** Bytes of the body, or of the chunk, that are still to come. */
  #leftBytes = 0;
  #chunkDigits = 0;
  #hasExcess = false;
  #body = new BodyStart();
  status = 0;
  /** The values of all `Retry-After` headers: whoever stands in between may have added one. */
  retryAfters: readonly string[] = NONE;
  /** `Keep-Alive: timeout=…` in ms: how long the other side keeps an unused connection. Null where it does not say. */
  keepAliveMs: number | null = null;
  /** Something came back. */
  isHeard = false;

  /** Begins with the next answer. */
  reset(): void {
    this.#state = "head";
    this.#overheadBytes = 0;
    this.#hasExcess = false;
    this.#body = new BodyStart();
    this.isHeard = false;
    this.#resetHead();
  }

  /** What came of the body, as much as is kept. */
  get body(): Uint8Array {
    return this.#body.bytes;
  }

  /** The headers' lines, as they came. */
  get headerLines(): string[] {
    return this.#headers === "" ? [] : this.#headers.split("\r\n");
  }

  /** The final answer's head is there: `status` and headers stand. */
  get hasHead(): boolean {
    return this.#state !== "head";
  }

  /** The answer was read to its end, nothing followed it, and the other side keeps the connection. */
  get isKeptAlive(): boolean {
    if (this.#state !== "whole" || this.#hasExcess) return false;
    return this.#isHttp10 ? hasToken(this.#connection, "keep-alive") && this.#encodings === "" : !hasToken(this.#connection, "close");
  }

  /** Takes the next bytes; the chunk is not kept. Not to be called again once it has said anything but `more`. */
  read(chunk: Buffer): Progress {
    this.isHeard = true;
    let at = 0;
    while (at < chunk.length) {
      const state = this.#state;
      if (state === "whole") {
        this.#hasExcess = true;
        break;
      }
      const next = state === "head" || state === "trailers" ? this.#inLines(chunk, at) : this.#inBody(chunk, at, state);
      if (typeof next !== "number") return next;
      at = next;
      if (this.#body.seen >= BODY_READ_BYTES && this.#state !== "whole") return "enough";
      if (this.#overheadBytes > OVERHEAD_MAX_BYTES) return endless(this.hasHead);
    }
    return this.#state === "whole" ? "whole" : "more";
  }

  /** The other side has ended the connection, in good order or not. */
  end(): "whole" | Failure {
    // A body without a length that ends with a reset counts as whole as well: to repeat a success would be worse.
    if (this.#state === "until close") return "whole";
    return {
      error: "connection_lost",
      detail: `the connection ended ${this.isHeard ? "in the middle of the answer" : "without an answer"}`,
    };
  }

  #resetHead(): void {
    this.#startLines();
    this.#headers = "";
    this.#isHttp10 = false;
    this.#length = null;
    this.#encodings = "";
    this.#connection = "";
    this.#hasUpgrade = false;
    this.status = 0;
    this.retryAfters = NONE;
    this.keepAliveMs = null;
  }

  #startLines(): void {
    this.#text = "";
    this.#lineAt = 0;
    this.#headersAt = 0;
  }

  /** Lines of a head or of trailers. Returns where in the chunk what follows them begins. */
  #inLines(chunk: Buffer, from: number): number | Failure {
    // The end of the head is looked for first, so that a body in the same chunk is rarely made a string of; where it is cut in two it is found below.
    const end = chunk.indexOf("\r\n\r\n", from, "latin1");
    const before = this.#text.length;
    const room = HEAD_MAX_BYTES - before;
    const to = Math.min(end < 0 ? chunk.length : end + 4, from + room + 1);
    this.#text += chunk.toString("latin1", from, to);
    const text = this.#text;
    for (let lineEnd = text.indexOf("\n", this.#lineAt); lineEnd >= 0; lineEnd = text.indexOf("\n", this.#lineAt)) {
      const line = text.slice(this.#lineAt, lineEnd - 1);
      if (text.charCodeAt(lineEnd - 1) !== CR || lineEnd === this.#lineAt || NOT_IN_A_LINE.test(line))
        return malformed(`a line of the head: ${line}`);
      this.#lineAt = lineEnd + 1;
      const failure = line === "" ? this.#emptyLine() : this.#line(line);
      if (failure !== null) return failure;
      // The end of the head or of the trailers.
      if (this.#text === "") return from + lineEnd + 1 - before;
    }
    const rest = text.slice(this.#lineAt, this.#lineAt + VERSION_START.length);
    if (this.#state === "head" && this.#headersAt === 0 && rest !== "\r" && !VERSION_START.startsWith(rest)) {
      return malformed(`it begins with ${JSON.stringify(text.slice(this.#lineAt, this.#lineAt + 40))}`);
    }
    if (text.length > HEAD_MAX_BYTES) return { error: "headers_too_large", detail: `more than ${HEAD_MAX_BYTES} bytes` };
    return to;
  }

  #line(line: string): Failure | null {
    if (this.#state === "head" && this.#headersAt === 0) return this.#statusLine(line);
    const colon = line.indexOf(":");
    if (!isName(line, colon)) return malformed(`a header: ${line}`);
    return this.#state === "trailers" ? null : this.#header(line, colon);
  }

  #statusLine(line: string): Failure | null {
    const match = STATUS_LINE.exec(line);
    if (match === null) return malformed(`the status line: ${line}`);
    this.#isHttp10 = match[1] === "0";
    this.status = Number(match[2]);
    this.#headersAt = this.#lineAt;
    return null;
  }

  /** Only what says how the answer goes on is looked at; by the length of its name first, which most headers do not pass. */
  #header(line: string, colon: number): Failure | null {
    if (colon !== 14 && colon !== 17 && colon !== 10 && colon !== 11 && colon !== 7) return null;
    const name = line.slice(0, colon).toLowerCase();
    const value = trimBlanks(line.slice(colon + 1));
    if (name === "content-length") {
      const length = /^\d+$/.test(value) ? Number(value) : Number.NaN;
      if (this.#length !== null || !Number.isSafeInteger(length))
        return malformed(this.#length === null ? `a length of ${value}` : "two lengths");
      this.#length = length;
    } else if (name === "transfer-encoding") this.#encodings += `,${value}`;
    else if (name === "connection") this.#connection += `,${value}`;
    else if (name === "retry-after") this.retryAfters = [...this.retryAfters, value];
    else if (name === "upgrade") this.#hasUpgrade = true;
    else if (name === "keep-alive") {
      const seconds = /(?:^|[,; ])timeout=(\d{1,6})/i.exec(value)?.[1];
      if (seconds !== undefined) this.keepAliveMs = Number(seconds) * 1_000;
    }
    return null;
  }

  /** The end of a head or of the trailers. */
  #emptyLine(): Failure | null {
    if (this.#state === "trailers") {
      this.#state = "whole";
      this.#startLines();
      return null;
    }
    // Line breaks before an answer are passed over (RFC 9112 2.2 says so of requests).
    if (this.#headersAt === 0) return null;
    if (this.status === 101) {
      if (this.#hasUpgrade) return { error: "upgrade_refused", detail: "101 Switching Protocols" };
      return malformed("101 without an Upgrade header");
    }
    // Of an interim answer as well, though it has no body: whoever else reads it may think that it has.
    if (this.#encodings !== "" && this.#length !== null) return malformed("a length and a transfer encoding");
    if (this.status < 200) {
      this.#overheadBytes += this.#text.length;
      this.#resetHead();
      // What follows is the next head.
      return this.#overheadBytes > OVERHEAD_MAX_BYTES ? endless(false) : null;
    }
    this.#endHead();
    return null;
  }

  /** RFC 9112 6.3, of an answer to a POST. */
  #endHead(): void {
    this.#headers = this.#text.slice(this.#headersAt, this.#lineAt - HEAD_END_BYTES);
    this.#startLines();
    if (this.status === 204 || this.status === 304) this.#state = "whole";
    else if (/(?:^|,)[ \t]*chunked[ \t]*$/i.test(this.#encodings)) this.#startChunk();
    else if (this.#length === null) this.#state = "until close";
    else {
      this.#leftBytes = this.#length;
      this.#state = this.#length === 0 ? "whole" : "length";
    }
  }

  #startChunk(): void {
    this.#state = "size";
    this.#leftBytes = 0;
    this.#chunkDigits = 0;
  }

  /** Some of the body. Returns where in the chunk the rest begins. */
  #inBody(chunk: Buffer, at: number, state: BodyState): number | Failure {
    if (state === "until close") {
      this.#body.add(at === 0 ? chunk : chunk.subarray(at));
      return chunk.length;
    }
    if (state === "length" || state === "chunk") {
      const to = Math.min(chunk.length, at + this.#leftBytes);
      this.#body.add(chunk.subarray(at, to));
      this.#leftBytes -= to - at;
      if (this.#leftBytes === 0) this.#state = state === "length" ? "whole" : "chunk CR";
      return to;
    }
    this.#overheadBytes += 1;
    return this.#aroundChunk(chunk[at] ?? 0, state) ?? at + 1;
  }

  /** One byte of a chunk's size, its extensions, or the line breaks around it (RFC 9112 7.1). */
  #aroundChunk(byte: number, state: AroundChunk): Failure | null {
    switch (state) {
      case "size": {
        const digit = hexDigit(byte);
        if (digit >= 0) {
          this.#chunkDigits += 1;
          this.#leftBytes = this.#leftBytes * 16 + digit;
          return this.#chunkDigits <= CHUNK_DIGITS_MAX && Number.isSafeInteger(this.#leftBytes) ? null : malformed("a chunk's size");
        }
        if (this.#chunkDigits === 0 || (byte !== CR && byte !== SEMICOLON)) return malformed("a chunk's size");
        this.#state = byte === CR ? "size end" : "extension";
        return null;
      }
      case "extension":
        if (byte === CR) this.#state = "size end";
        else if (byte < 0x20 && byte !== TAB) return malformed("a chunk's extension");
        return null;
      case "size end":
        if (byte !== LF) return malformed("a chunk's size");
        this.#state = this.#leftBytes > 0 ? "chunk" : "trailers";
        return null;
      case "chunk CR":
        this.#state = "chunk LF";
        return byte === CR ? null : malformed("a chunk longer than its size");
      case "chunk LF":
        this.#startChunk();
        return byte === LF ? null : malformed("a chunk longer than its size");
    }
  }
}

function malformed(what: string): Failure {
  return { error: "malformed_response", detail: `this is no HTTP/1.1: ${what}`.slice(0, 500) };
}

function endless(hasHead: boolean): Failure {
  return { error: hasHead ? "malformed_response" : "headers_too_large", detail: "the answer has no end" };
}

function isName(line: string, colon: number): boolean {
  for (let index = 0; index < colon; index += 1) if (IS_TOKEN[line.charCodeAt(index)] !== true) return false;
  return colon > 0;
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Without the blanks and tabs around it; `trim()` would take a no-break space as well. */
function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+/, "").replace(/[ \t]+$/, "");
}

function hasToken(list: string, token: string): boolean {
  return list !== "" && list.split(",").some((each) => trimBlanks(each).toLowerCase() === token);
}
