import { expect, test } from "vitest";
import { AnswerReader } from "../../src/send/answer-reader.ts";

interface Told {
  readonly progress: string;
  readonly status: number;
  readonly body: string;
  readonly isKeptAlive: boolean;
}

/** What an answer is taken for, read in pieces of so many bytes and then ended where it was not whole. */
function readAll(text: string, pieceBytes: number): Told {
  const bytes = Buffer.from(text, "latin1");
  const reader = new AnswerReader();
  let progress = reader.read(Buffer.alloc(0));
  for (let at = 0; at < bytes.length && progress === "more"; at += pieceBytes) progress = reader.read(bytes.subarray(at, at + pieceBytes));
  if (progress === "more") progress = reader.end();
  return {
    progress: typeof progress === "string" ? progress : progress.error,
    status: reader.status,
    body: Buffer.from(reader.body).toString("latin1"),
    isKeptAlive: reader.isKeptAlive,
  };
}

const OK = "HTTP/1.1 200 OK\r\n";

/** Answer, what it is taken for, and whether the connection may be used again. */
const ANSWERS: readonly (readonly [text: string, taken: string, isKeptAlive: boolean])[] = [
  [`${OK}Content-Length: 2\r\n\r\nok`, "200 ok", true],
  [`${OK}content-length:\t 2 \t\r\n\r\nok`, "200 ok", true],
  [`${OK}Content-Length: 002\r\n\r\nok`, "200 ok", true],
  [`${OK}Content-Length: 0\r\n\r\n`, "200 ", true],
  [`HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n`, "200 ", true],
  [`HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n`, "200 ", true],
  [`\r\n\r\n${OK}Content-Length: 0\r\n\r\n`, "200 ", true],
  [`${OK}Content-Length: 0\r\nConnection: close\r\n\r\n`, "200 ", false],
  [`${OK}Content-Length: 0\r\nConnection: x, Close\r\n\r\n`, "200 ", false],
  [`${OK}Content-Length: 0\r\nConnection: x\r\nConnection: close\r\n\r\n`, "200 ", false],
  [`${OK}Content-Length: 0\r\nConnection: closed\r\n\r\n`, "200 ", true],
  ["HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", "200 ok", false],
  ["HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", "200 ok", true],
  ["HTTP/1.1 204 No Content\r\n\r\n", "204 ", true],
  ["HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "204 ", true],
  ["HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n", "304 ", true],
  ["HTTP/1.1 205 Reset\r\nContent-Length: 1\r\n\r\nx", "205 x", true],
  [`${OK}\r\nuntil the end`, "200 until the end", false],
  [`${OK}\r\n`, "200 ", false],
  [`${OK}Transfer-Encoding: gzip\r\n\r\nuntil the end`, "200 until the end", false],
  [`${OK}Transfer-Encoding: chunked, gzip\r\n\r\nuntil the end`, "200 until the end", false],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=1\r\n0123456789\r\n0\r\n\r\n`, "200 abc0123456789", true],
  [`${OK}Transfer-Encoding: gzip, Chunked \r\n\r\n003\r\nabc\r\n000\r\nx: y\r\n\r\n`, "200 abc", true],
  [`${OK}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n`, "200 a", true],
  ["HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n1\r\na\r\n0\r\n\r\n", "200 a", false],
  [`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`, "200 ok", true],
  // An interim answer's headers are its own.
  [`HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\nConnection: close\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`, "200 ok", true],
  ["HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "upgrade_refused", false],
  ["HTTP/1.1 101 Switching\r\n\r\n", "malformed_response", false],
  [`${OK}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`, "malformed_response", false],
  [`${OK}Content-Length: 2, 2\r\n\r\nok`, "malformed_response", false],
  [`${OK}Content-Length:\r\n\r\nok`, "malformed_response", false],
  [`${OK}Content-Length: +2\r\n\r\nok`, "malformed_response", false],
  [`${OK}Content-Length: 0x2\r\n\r\nok`, "malformed_response", false],
  [`${OK}Content-Length: \xa02\r\n\r\nok`, "malformed_response", false],
  [`${OK}Content-Length: 99999999999999999\r\n\r\nok`, "malformed_response", false],
  [`${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok`, "malformed_response", false],
  [`HTTP/1.1 100 x\r\nContent-Length: 3\r\nTransfer-Encoding: gzip\r\n\r\n${OK}Content-Length: 0\r\n\r\n`, "malformed_response", false],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n\r\nok`, "malformed_response", false],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n`, "malformed_response", false],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n`, "malformed_response", false],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n1;x\na\r\n0\r\n\r\n`, "malformed_response", false],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n`, "malformed_response", false],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n`, "malformed_response", false],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n`, "malformed_response", false],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n00000000000000001\r\na\r\n0\r\n\r\n`, "malformed_response", false],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nno header\r\n\r\n`, "malformed_response", false],
  [`${OK}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n`, "connection_lost", false],
  ["HTTP/1.1 099 x\r\n\r\n", "malformed_response", false],
  ["HTTP/1.1  200 OK\r\n\r\n", "malformed_response", false],
  ["HTTP/2.0 200 OK\r\n\r\n", "malformed_response", false],
  ["http/1.1 200 OK\r\n\r\n", "malformed_response", false],
  [" HTTP/1.1 200 OK\r\n\r\n", "malformed_response", false],
  ["HTTP/1.1 200OK\r\n\r\n", "malformed_response", false],
  ["HTTP/1.1 200 O\x00K\r\n\r\n", "malformed_response", false],
  [`${OK}: x\r\n\r\n`, "malformed_response", false],
  [`${OK}a b: x\r\n\r\n`, "malformed_response", false],
  [`${OK}a : x\r\n\r\n`, "malformed_response", false],
  [`${OK}a: x\r\n  y\r\n\r\n`, "malformed_response", false],
  [`${OK}a: x\ry\r\n\r\n`, "malformed_response", false],
  [`${OK}a: x\n\r\n`, "malformed_response", false],
  [`${OK}a: x\r\n\n`, "malformed_response", false],
  [`${OK}\xe9: x\r\n\r\n`, "malformed_response", false],
  ["", "connection_lost", false],
  ["\r", "connection_lost", false],
  ["HTTP/1.1 200 OK\r\nContent-Le", "connection_lost", false],
  [`${OK}Content-Length: 3\r\n\r\nok`, "connection_lost", false],
];

test.each(ANSWERS)("%j is taken for %s", (text, taken, isKeptAlive) => {
  for (const pieceBytes of [text.length + 1, 1, 2, 3, 5, 7, 16]) {
    const { progress, status, body, isKeptAlive: isKept } = readAll(text, pieceBytes);
    expect([pieceBytes, progress === "whole" ? `${status} ${body}` : progress, isKept]).toEqual([pieceBytes, taken, isKeptAlive]);
  }
});

test("what follows an answer makes its connection useless, and is not taken for the next one", () => {
  for (const head of [`${OK}Content-Length: 2\r\n\r\nok`, `${OK}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, "HTTP/1.1 204 x\r\n\r\n"]) {
    const reader = new AnswerReader();
    expect(reader.read(Buffer.from(`${head}${OK}`))).toBe("whole");
    expect(reader.isKeptAlive).toBe(false);
  }
});

test("a reader that is begun again knows nothing of what was before", () => {
  const reader = new AnswerReader();
  const first = `${OK}Content-Length: 3\r\nRetry-After: 7\r\nKeep-Alive: max=3, timeout=5\r\nConnection: close\r\nX-Why: because\r\n\r\nabcd`;
  expect(reader.read(Buffer.from(first))).toBe("whole");
  expect([reader.retryAfters, reader.keepAliveMs, reader.isKeptAlive]).toEqual([["7"], 5_000, false]);
  expect(reader.headerLines.at(-1)).toBe("X-Why: because");
  reader.reset();
  expect([reader.isHeard, reader.hasHead, reader.headerLines]).toEqual([false, false, []]);
  expect(reader.read(Buffer.from("HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n"))).toBe("whole");
  expect([reader.status, reader.retryAfters, reader.keepAliveMs, reader.isKeptAlive]).toEqual([500, [], null, true]);
  expect(Buffer.from(reader.body).toString()).toBe("");
  expect(reader.headerLines).toEqual(["Content-Length: 0"]);
});

test.each<[string, (reader: AnswerReader) => unknown, string]>([
  ["a head", (reader) => reader.read(Buffer.from("x: y\r\n")), "headers_too_large"],
  ["a line", (reader) => reader.read(Buffer.from("xxxxxxxx")), "headers_too_large"],
])("%s without an end is given up", (_, more, word) => {
  const reader = new AnswerReader();
  expect(reader.read(Buffer.from(OK))).toBe("more");
  let progress: unknown = "more";
  for (let n = 0; n < 5_000 && progress === "more"; n += 1) progress = more(reader);
  expect(progress).toMatchObject({ error: word });
});

test("64 KiB of a body are enough, in whatever pieces they come, and 4 KiB are kept", () => {
  for (const framing of ["Content-Length: 1000000", "Transfer-Encoding: chunked", "X: until the end"]) {
    const reader = new AnswerReader();
    let progress = reader.read(Buffer.from(`${OK}${framing}\r\n\r\n`));
    const piece = framing.startsWith("Transfer") ? "3e8\r\n".concat("x".repeat(1_000), "\r\n") : "x".repeat(1_000);
    let pieces = 0;
    for (; progress === "more"; pieces += 1) progress = reader.read(Buffer.from(piece));
    expect([framing, progress, pieces, reader.body.length, reader.isKeptAlive]).toEqual([framing, "enough", 66, 4_096, false]);
  }
});
