import { OK, saying, sayingAndClosing, type ZooEntry } from "./entry.ts";

const atOnce = (name: string, does: string, outcome: string, text: string, more: Partial<ZooEntry> = {}): ZooEntry => ({
  name,
  does,
  outcome,
  ends: "at once",
  options: saying(text),
  ...more,
});

/** Answers that are HTTP, in forms that are seldom seen. */
export const ODD: readonly ZooEntry[] = [
  atOnce("100 Continue unasked", "writes 100 Continue, then 200", "200", `HTTP/1.1 100 Continue\r\n\r\n${OK}`, { isKept: true }),
  atOnce(
    "100 Continue with headers",
    "writes 100 Continue with headers, twice, then 200",
    "200",
    `${"HTTP/1.1 100 Continue\r\nx: y\r\n\r\n".repeat(2)}${OK}`,
    {
      isKept: true,
    },
  ),
  {
    name: "100 Continue in pieces",
    does: "writes 100 Continue and 200 one byte at a time",
    outcome: "200",
    ends: "at once",
    isKept: true,
    options: () => ({
      onRequest: (socket) => {
        const bytes = Buffer.from(`HTTP/1.1 100 Continue\r\n\r\n${OK}`);
        let at = 0;
        const next = (): void => {
          if (at < bytes.length) socket.write(bytes.subarray(at, (at += 1)), () => setImmediate(next));
        };
        next();
      },
    }),
  },
  atOnce("early hints", "writes 103 Early Hints, then 200", "200", `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${OK}`, { isKept: true }),
  atOnce(
    "101",
    "answers 101 Switching Protocols",
    "upgrade_refused",
    "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
  ),
  atOnce("101 without headers", "answers 101 without Upgrade", "malformed_response", "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
  atOnce(
    "426",
    "answers 426 with an Upgrade header",
    "426",
    "HTTP/1.1 426 Upgrade Required\r\nupgrade: h2c\r\nconnection: upgrade\r\ncontent-length: 0\r\n\r\n",
    {
      isKept: true,
    },
  ),
  { ...atOnce("HTTP/1.0", "answers in HTTP/1.0 and closes", "200", ""), options: sayingAndClosing("HTTP/1.0 200 OK\r\n\r\nfine") },
  {
    ...atOnce("HTTP/1.0 with a length", "answers in HTTP/1.0 with a length and closes", "200", ""),
    options: sayingAndClosing("HTTP/1.0 200 OK\r\ncontent-length: 4\r\n\r\nfine"),
  },
  atOnce(
    "HTTP/1.0 kept alive",
    "answers in HTTP/1.0 with Connection: keep-alive, twice",
    "200",
    "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n",
    {
      attempts: 2,
      isKept: true,
    },
  ),
  atOnce("no reason phrase", "leaves the reason phrase out", "200", "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", { isKept: true }),
  atOnce("unknown status", "answers 299", "299", "HTTP/1.1 299 Fine\r\ncontent-length: 0\r\n\r\n", { isKept: true }),
  atOnce("status beyond the classes", "answers 799", "799", "HTTP/1.1 799 What\r\ncontent-length: 0\r\n\r\n", { isKept: true }),
  atOnce(
    "trailers",
    "writes trailers behind its chunks",
    "200",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n",
    {
      isKept: true,
    },
  ),
  atOnce(
    "chunk extensions",
    "writes extensions to its chunks",
    "200",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b;c\r\nok\r\n0;d\r\n\r\n",
    { isKept: true },
  ),
  atOnce(
    "204 with a body",
    "answers 204 and a body all the same; the next attempt gets a new connection",
    "204",
    "HTTP/1.1 204 No Content\r\ncontent-length: 4\r\n\r\nbody",
    {},
  ),
  atOnce(
    "204 with chunks",
    "answers 204 and chunks all the same",
    "204",
    "HTTP/1.1 204 No Content\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    {},
  ),
  atOnce("205 with a body", "answers 205 with a body", "205", "HTTP/1.1 205 Reset Content\r\ncontent-length: 4\r\n\r\nbody", {
    isKept: true,
  }),
  atOnce("304 with a body", "answers 304 and a body all the same", "304", "HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\nbody", {}),
  atOnce(
    "names of object members",
    "answers with headers named __proto__, constructor and toString",
    "500",
    "HTTP/1.1 500 Oops\r\n__proto__: a\r\n__proto__: b\r\nconstructor: c\r\ntoString: d\r\ncontent-length: 0\r\n\r\n",
    {
      isKept: true,
    },
  ),
  atOnce(
    "bytes above ASCII in headers",
    "answers with a header in Latin-1",
    "500",
    "HTTP/1.1 500 Oops\r\nx-name: f\xfcnf\r\ncontent-length: 0\r\n\r\n",
    { isKept: true },
  ),
  atOnce(
    "gzip that is none",
    "says Content-Encoding: br and sends plain text",
    "200",
    "HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 5\r\n\r\nplain",
    { isKept: true },
  ),
  atOnce(
    "equal lengths twice",
    "sends the same Content-Length twice",
    "malformed_response",
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok",
  ),
];

/** Answers that are no HTTP/1.1, or contradict themselves. */
export const MALFORMED: readonly ZooEntry[] = [
  atOnce("another protocol", "answers with an SSH banner", "malformed_response", "SSH-2.0-OpenSSH_9.9\r\n"),
  atOnce("HTTP/0.9", "answers with a page and no status line", "malformed_response", "<html>fine</html>\r\n"),
  atOnce("HTTP/2 without TLS", "answers with an HTTP/2 settings frame", "malformed_response", "\x00\x00\x00\x04\x00\x00\x00\x00\x00"),
  atOnce("a TLS alert", "answers a plain request with a TLS alert", "malformed_response", "\x15\x03\x01\x00\x02\x02\x46"),
  atOnce("status of two digits", "answers with status 20", "malformed_response", "HTTP/1.1 20 OK\r\ncontent-length: 0\r\n\r\n"),
  atOnce("status of four digits", "answers with status 2000", "malformed_response", "HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n"),
  atOnce("status 0", "answers with status 000", "malformed_response", "HTTP/1.1 000 Zero\r\ncontent-length: 0\r\n\r\n"),
  atOnce("status that is no number", "answers with status OK", "malformed_response", "HTTP/1.1 OK\r\n\r\n"),
  atOnce("HTTP/3.7", "answers in a version that there is not", "malformed_response", "HTTP/3.7 200 OK\r\ncontent-length: 0\r\n\r\n"),
  atOnce(
    "NUL in a header",
    "answers with a NUL in a header's value",
    "malformed_response",
    "HTTP/1.1 200 OK\r\nx: a\0b\r\ncontent-length: 0\r\n\r\n",
  ),
  atOnce(
    "a lone CR in a header",
    "answers with a lone CR in a header's value",
    "malformed_response",
    "HTTP/1.1 200 OK\r\nx: a\rb\r\ncontent-length: 0\r\n\r\n",
  ),
  atOnce(
    "a folded header",
    "goes on with a header in the next line",
    "malformed_response",
    "HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n",
  ),
  atOnce(
    "space before the colon",
    "writes a space before a header's colon",
    "malformed_response",
    "HTTP/1.1 200 OK\r\nx : a\r\ncontent-length: 0\r\n\r\n",
  ),
  atOnce("bare line feeds", "ends lines with LF alone", "malformed_response", "HTTP/1.1 200 OK\ncontent-length: 0\n\n"),
  atOnce("negative length", "announces -1 bytes", "malformed_response", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"),
  atOnce("length that is no number", "announces 2x bytes", "malformed_response", "HTTP/1.1 200 OK\r\ncontent-length: 2x\r\n\r\nok"),
  atOnce(
    "length beyond 64 bits",
    "announces more bytes than 64 bits count",
    "malformed_response",
    "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\nok",
  ),
  atOnce(
    "two lengths",
    "announces 2 bytes and 3 bytes",
    "malformed_response",
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok!",
  ),
  atOnce(
    "length and chunks",
    "sends both a length and chunks",
    "malformed_response",
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  ),
  atOnce(
    "chunk size that is none",
    "writes xyz where a chunk's size belongs",
    "malformed_response",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\nok\r\n0\r\n\r\n",
  ),
  atOnce(
    "negative chunk size",
    "writes a chunk of -2 bytes",
    "malformed_response",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n-2\r\nok\r\n0\r\n\r\n",
  ),
  atOnce(
    "chunk size beyond 64 bits",
    "writes a chunk size of 17 digits",
    "malformed_response",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nok",
  ),
  atOnce(
    "chunk longer than its size",
    "writes 4 bytes in a chunk of 2",
    "malformed_response",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nokok\r\n0\r\n\r\n",
  ),
];

const retryAfter = (name: string, does: string, header: string, pauseSeconds: number | null): ZooEntry =>
  atOnce(`Retry-After: ${name}`, does, "503", `HTTP/1.1 503 Later\r\n${header}content-length: 0\r\n\r\n`, { pauseSeconds, isKept: true });

/** What an endpoint may ask for with a 503. */
export const RETRY_AFTER: readonly ZooEntry[] = [
  retryAfter("120", "asks for two minutes", "retry-after: 120\r\n", 120),
  retryAfter("0", "asks for nothing", "retry-after: 0\r\n", null),
  retryAfter("negative", "asks for -5 seconds", "retry-after: -5\r\n", null),
  retryAfter("fraction", "asks for 1.5 seconds", "retry-after: 1.5\r\n", null),
  retryAfter("a year", "asks for a year: four hours at most", "retry-after: 31536000\r\n", 14_400),
  retryAfter("beyond a number", "asks for 10^30 seconds: four hours at most", `retry-after: 1${"0".repeat(30)}\r\n`, 14_400),
  retryAfter("a date in the past", "names 1994", "retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", null),
  retryAfter("a date far ahead", "names 2099: four hours at most", "retry-after: Fri, 06 Nov 2099 08:49:37 GMT\r\n", 14_400),
  retryAfter(
    "RFC 850 date",
    "names 2098 in the old form with two digits of a year",
    "retry-after: Thursday, 06-Nov-98 08:49:37 GMT\r\n",
    null,
  ),
  retryAfter("asctime date", "names 2099 as asctime writes it", "retry-after: Fri Nov  6 08:49:37 2099\r\n", 14_400),
  retryAfter("impossible date", "names the 31st of February", "retry-after: Fri, 31 Feb 2099 08:49:37 GMT\r\n", null),
  retryAfter("ISO date", "names 2099 in ISO 8601, which HTTP does not know", "retry-after: 2099-11-06T08:49:37Z\r\n", null),
  retryAfter("text", "asks for `soon`", "retry-after: soon\r\n", null),
  retryAfter("the same twice", "asks for two minutes, twice", "retry-after: 120\r\nretry-after: 120\r\n", 120),
  retryAfter("two that differ", "asks for a minute and for two: the longer", "retry-after: 60\r\nretry-after: 120\r\n", 120),
];
