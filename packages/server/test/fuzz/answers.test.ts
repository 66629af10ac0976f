import { request } from "node:http";
import { Duplex } from "node:stream";
import { fuzz } from "@genhook/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { AnswerReader } from "../../src/send/answer-reader.ts";

/** Status and body, or that it is no answer, or an upgrade. */
type Taken = string;

/** What Node's own client (llhttp) takes an answer for that ends with the connection. */
function takenByNode(bytes: Buffer): Promise<Taken> {
  return new Promise((resolve) => {
    const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const end = (taken: Taken): void => {
      resolve(taken);
      call.destroy();
    };
    const call = request({ method: "POST", createConnection: () => socket, headers: { "content-length": 0 } });
    call.on("upgrade", () => end("upgrade"));
    call.on("error", () => end("none"));
    call.on("response", (response) => {
      const body: Buffer[] = [];
      response.on("data", (chunk: Buffer) => body.push(chunk));
      response.on("error", () => end("none"));
      response.on("end", () => end(response.complete ? `${response.statusCode} ${Buffer.concat(body).toString("latin1")}` : "none"));
    });
    call.end(() => {
      socket.push(bytes);
      socket.push(null);
    });
  });
}

function takenByUs(bytes: Buffer, pieceBytes: number): { readonly taken: Taken; readonly readBytes: number } {
  const reader = new AnswerReader();
  let progress = reader.read(Buffer.alloc(0));
  let at = 0;
  for (; at < bytes.length && progress === "more"; at += pieceBytes) progress = reader.read(bytes.subarray(at, at + pieceBytes));
  if (progress === "more") progress = reader.end();
  const isUpgrade = typeof progress !== "string" && progress.error === "upgrade_refused";
  const taken = progress === "whole" ? `${reader.status} ${Buffer.from(reader.body).toString("latin1")}` : isUpgrade ? "upgrade" : "none";
  return { taken, readBytes: Math.min(at, bytes.length) };
}

const statusLines = fc.constantFrom(
  "HTTP/1.1 200 OK",
  "HTTP/1.1 200",
  "HTTP/1.0 200 OK",
  "HTTP/1.1 204 No Content",
  "HTTP/1.1 304 Not Modified",
  "HTTP/1.1 410 Gone",
  "HTTP/1.1 503 caf\xe9",
  "HTTP/1.1 101 Switching Protocols",
  "HTTP/1.1 1000 x",
  "HTTP/2.0 200 OK",
  "HTTP/1.1 20 OK",
);
const headers = fc.array(
  fc.constantFrom(
    "Content-Length: 5",
    "Content-Length: 0",
    "content-length:\t3 ",
    "Content-Length: 5, 5",
    "Content-Length: -1",
    "Content-Length: 18446744073709551615",
    "Transfer-Encoding: chunked",
    "transfer-encoding: CHUNKED",
    "Transfer-Encoding: gzip",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: xchunked",
    "Connection: close",
    "Connection: keep-alive",
    "Connection: upgrade",
    "Upgrade: websocket",
    "Keep-Alive: timeout=5",
    "Retry-After: 7",
    "X-Empty:",
    "X: \x80\xff",
    "X : y",
    " folded",
    "no colon",
    "X: a\0b",
    "X: a\rb",
    "Set-Cookie: a=b; c",
  ),
  { maxLength: 4 },
);
const bodies = fc.constantFrom(
  "",
  "hello",
  "hello and more",
  "5\r\nhello\r\n0\r\n\r\n",
  "3;a=b\r\nabc\r\n002\r\nde\r\n0\r\nX: y\r\n\r\n",
  "0\r\n\r\n",
  "0\r\nbad trailer\r\n\r\n",
  "FFFFFFFFFFFFFFFFF\r\nx",
  "5 \r\nhello\r\n0\r\n\r\n",
  "5\nhello\n0\n\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
);
const answers = fc
  .record({
    before: fc.constantFrom("", "", "", "\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
    statusLine: statusLines,
    headers,
    body: bodies,
  })
  .map(
    ({ before, statusLine, headers: lines, body }) => `${before}${[statusLine, ...lines].map((line) => `${line}\r\n`).join("")}\r\n${body}`,
  );

/** One byte taken away, put in, or written over; or the rest cut off. */
const faults = fc.option(
  fc.record({
    kind: fc.constantFrom("none", "cut", "delete", "insert", "replace"),
    at: fc.nat(400),
    byte: fc.constantFrom("\0", "\r", "\n", "\t", " ", ":", ",", ";", "0", "5", "a", "F", "\x7f", "\x80", "-", "+"),
  }),
  { nil: { kind: "none", at: 0, byte: "" } },
);

function damaged(text: string, { kind, at: where, byte }: { readonly kind: string; readonly at: number; readonly byte: string }): string {
  const at = where % (text.length + 1);
  if (kind === "cut") return text.slice(0, at);
  if (kind === "none") return text;
  return text.slice(0, at) + (kind === "delete" ? "" : byte) + text.slice(kind === "insert" ? at : at + 1);
}

/** What llhttp takes and we do not: versions that there are not, a length that no number holds, a 101 that switches to nothing. */
const STRICTER = /HTTP\/(?:0\.9|2\.0) |content-length:[ \t]*\d{16,}|HTTP\/1\.\d 101 /i;
/** What we take and llhttp does not: a chunk's extension is passed over, whatever it says; so is an interim answer in HTTP/1.0. */
const LOOSER = /^[\da-f]+;|^HTTP\/1\.0 1\d\d /im;

test("an answer is taken for what Node's own reader takes it for, whatever pieces it comes in", async () => {
  const cases = fc.record({
    text: fc.tuple(answers, faults).map(([text, fault]) => damaged(text, fault)),
    pieceBytes: fc.integer({ min: 1, max: 40 }),
  });
  await fuzz("answers", cases, async ({ text, pieceBytes }) => {
    const bytes = Buffer.from(text, "latin1");
    const { taken, readBytes } = takenByUs(bytes, 1);
    for (const each of [pieceBytes, bytes.length + 1]) expect(takenByUs(bytes, each).taken, `in pieces of ${each}`).toBe(taken);
    // What follows a whole answer makes Node's client fail before it tells of the answer.
    const nodes = await takenByNode(bytes.subarray(0, readBytes));
    if ((taken === "none" || taken === "upgrade") && STRICTER.test(text)) return;
    if (nodes === "none" && LOOSER.test(text)) return;
    expect(taken, JSON.stringify(text)).toBe(nodes);
  });
}, 3_600_000);
