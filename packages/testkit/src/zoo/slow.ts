import { dripping, flooding, saying, type ZooEntry } from "./entry.ts";

/** Endpoints that take their time, or never come to an end. */
export const SLOW: readonly ZooEntry[] = [
  {
    name: "never answers",
    does: "takes the request and says nothing",
    outcome: "timeout",
    ends: "deadline",
    options: () => ({}),
  },
  {
    name: "never ends the TLS handshake",
    does: "takes the connection and says nothing, where TLS is expected",
    outcome: "timeout",
    ends: "deadline",
    requests: 0,
    reachedAt: "https://app.example.com",
    options: () => ({}),
  },
  {
    name: "slow status line",
    does: "writes a byte of the status line every 20 ms, with no end",
    outcome: "timeout",
    ends: "deadline",
    options: dripping("HTTP/1.1 200 O", "K", 20),
  },
  {
    name: "slow header",
    does: "writes a byte of a header every 20 ms, with no end",
    outcome: "timeout",
    ends: "deadline",
    options: dripping("HTTP/1.1 200 OK\r\nx-slow: ", "x", 20),
  },
  {
    name: "slow body",
    does: "writes a byte of the body every 20 ms, with no end",
    outcome: "timeout",
    ends: "deadline",
    options: dripping("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", "x", 20),
  },
  {
    name: "slow chunks",
    does: "writes a one-byte chunk every 20 ms, with no last one",
    outcome: "timeout",
    ends: "deadline",
    options: dripping("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n", 20),
  },
  {
    name: "slow interim answers",
    does: "writes 102 Processing every 20 ms and never a final answer",
    outcome: "timeout",
    ends: "deadline",
    options: dripping("", "HTTP/1.1 102 Processing\r\n\r\n", 20),
  },
  {
    name: "half a body",
    does: "announces 100 bytes, writes 10 and waits",
    outcome: "timeout",
    ends: "deadline",
    options: saying("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n0123456789"),
  },
  {
    name: "no end to a body without a length",
    does: "announces no length, writes 10 bytes and keeps the connection open",
    outcome: "timeout",
    ends: "deadline",
    options: saying("HTTP/1.1 200 OK\r\n\r\n0123456789"),
  },
];

const CHUNK = `4000\r\n${"x".repeat(0x4000)}\r\n`;

/** Endpoints that send more than anybody asked for. */
export const FLOODS: readonly ZooEntry[] = [
  {
    name: "endless body",
    does: "writes a body without a length for as long as it is read",
    outcome: "200",
    ends: "at once",
    options: flooding("HTTP/1.1 200 OK\r\n\r\n", "x".repeat(16_384)),
  },
  {
    name: "endless chunks",
    does: "writes chunks for as long as they are read",
    outcome: "200",
    ends: "at once",
    options: flooding("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", CHUNK),
  },
  {
    name: "huge announced body",
    does: "announces 1 TiB and writes it for as long as it is read",
    outcome: "500",
    ends: "at once",
    options: flooding("HTTP/1.1 500 Oops\r\ncontent-length: 1099511627776\r\n\r\n", "x".repeat(16_384)),
  },
  {
    name: "gzip bomb",
    does: "answers with Content-Encoding: gzip and bytes that unpack to very many more; they are not unpacked",
    outcome: "200",
    ends: "at once",
    // Stored blocks would do as well: what matters is that nobody tries.
    options: flooding("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n", Buffer.from("1f8b080000000000020a", "hex")),
  },
  {
    name: "1 MB header",
    does: "answers with one header of 1 MB",
    outcome: "headers_too_large",
    ends: "at once",
    options: saying(`HTTP/1.1 200 OK\r\nx-large: ${"y".repeat(1_048_576)}\r\ncontent-length: 0\r\n\r\n`),
  },
  {
    name: "endless header",
    does: "writes one header for as long as it is read",
    outcome: "headers_too_large",
    ends: "at once",
    options: flooding("HTTP/1.1 200 OK\r\nx-endless: ", "y".repeat(16_384)),
  },
  {
    name: "endless small headers",
    does: "writes small headers for as long as they are read",
    outcome: "headers_too_large",
    ends: "at once",
    options: flooding("HTTP/1.1 200 OK\r\n", "a: b\r\n"),
  },
  {
    name: "endless empty headers",
    does: "writes headers without a value for as long as they are read",
    outcome: "headers_too_large",
    ends: "at once",
    options: flooding("HTTP/1.1 200 OK\r\n", "a:\r\n"),
  },
  {
    name: "endless reason phrase",
    does: "writes a status line for as long as it is read",
    outcome: "headers_too_large",
    ends: "at once",
    options: flooding("HTTP/1.1 200 ", "OK ".repeat(5_000)),
  },
  {
    name: "flood of interim answers",
    does: "writes 103 Early Hints, with headers, for as long as they are read",
    outcome: "headers_too_large",
    ends: "at once",
    options: flooding("", `HTTP/1.1 103 Early Hints\r\nlink: ${"x".repeat(8_000)}\r\nconnection: ${"y".repeat(4_000)}\r\n\r\n`),
  },
  {
    name: "flood of 100 Continue",
    does: "writes 100 Continue for as long as it is read",
    outcome: "headers_too_large",
    ends: "at once",
    options: flooding("", "HTTP/1.1 100 Continue\r\n\r\n"),
  },
  {
    name: "endless chunk extension",
    does: "writes a chunk's extension for as long as it is read",
    outcome: "malformed_response",
    ends: "at once",
    options: flooding("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;", "x".repeat(16_384)),
  },
  {
    name: "endless trailers",
    does: "ends its chunks and writes trailers for as long as they are read",
    outcome: "headers_too_large",
    ends: "at once",
    options: flooding("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", "a: b\r\n"),
  },
  {
    name: "endless empty lines",
    does: "writes line breaks instead of a status line for as long as they are read",
    outcome: "headers_too_large",
    ends: "at once",
    options: flooding("", "\r\n".repeat(8_000)),
  },
];
