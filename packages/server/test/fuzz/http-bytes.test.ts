import { ERRORS } from "@genhook/contract";
import { fuzz } from "@genhook/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, KEY, ORDER, SHOP } from "../harness.ts";
import { exchange, readAnswers, type RawAnswer } from "./raw-http.ts";

const h = new Harness();

beforeAll(async () => {
  await h.start();
  await h.install();
});
afterAll(() => h.stop());

const AUTHORIZATION = `Host: hooks.example.com\r\nAuthorization: Bearer ${KEY}\r\n`;

function request(method: string, path: string, body = "", headers = ""): string {
  const length = body === "" && method === "GET" ? "" : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  const type = body === "" ? "" : "Content-Type: application/json\r\n";
  return `${method} ${path} HTTP/1.1\r\n${AUTHORIZATION}${headers}${type}${length}\r\n${body}`;
}

const EVENT = JSON.stringify({ shop: SHOP, topic: "orders/create", payload: ORDER });
const REQUESTS: readonly string[] = [
  request("POST", "/platform/v1/events", EVENT),
  request("GET", "/platform/v1/shops?limit=2"),
  request("PUT", `/platform/v1/shops/${SHOP}`, '{"plan":"advanced"}'),
  request("DELETE", "/platform/v1/shops/none.genmystore.com"),
  `POST /platform/v1/events HTTP/1.1\r\n${AUTHORIZATION}Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n${EVENT.length.toString(16)}\r\n${EVENT}\r\n0\r\n\r\n`,
  request(
    "POST",
    "/api/202412/app/webhooks",
    '{"webhook":{"topic":"orders/create","address":"https://app.example.com/"}}',
    "X-Genstore-Access-Token: none\r\n",
  ),
];

function checkAnswers(answers: readonly RawAnswer[]): void {
  for (const { status, headers, body } of answers) {
    const context = `${status} ${JSON.stringify(headers)} ${body}`;
    expect(status === 503 ? headers["retry-after"] : status < 500, context).toBeTruthy();
    if (status < 400 || body === "") continue;
    const { code } = JSON.parse(body) as { code: keyof typeof ERRORS };
    expect(ERRORS[code]?.status, context).toBe(status);
  }
}

const HOSTILE_BYTES = [
  "\0",
  "\r",
  "\n",
  "\r\n\r\n",
  ":",
  " ",
  "\t",
  "\x7f",
  "\x80",
  "\xff",
  "%",
  "chunked",
  "Content-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "-1",
  "Expect: 100-continue\r\n",
  "Upgrade: h2c\r\nConnection: Upgrade\r\n",
  "X".repeat(20_000),
  "A: b\r\n".repeat(3_000),
];

/** A request with a few changes: bytes gone, doubled, overwritten or put in. */
const mutated = fc
  .tuple(
    fc.constantFrom(...REQUESTS),
    fc.array(
      fc.tuple(
        fc.constantFrom("drop", "put", "cut", "double"),
        fc.nat(),
        fc.nat(20),
        fc.oneof(fc.constantFrom(...HOSTILE_BYTES), fc.string({ unit: "binary-ascii", maxLength: 6 })),
      ),
      { minLength: 1, maxLength: 4 },
    ),
  )
  .map(([text, changes]) =>
    changes.reduce((all, [kind, where, length, what]) => {
      const at = where % (all.length + 1);
      if (kind === "cut") return all.slice(0, at);
      if (kind === "drop") return all.slice(0, at) + all.slice(at + length);
      return all.slice(0, at) + (kind === "put" ? what : all.slice(at, at + length)) + all.slice(at);
    }, text),
  );
const random = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString("latin1"));

test("fuzz bytes: whatever comes in, what goes out is HTTP, in the contract's shape, and never a 5xx", async () => {
  await fuzz("bytes", fc.oneof({ weight: 5, arbitrary: mutated }, { weight: 1, arbitrary: random }), async (bytes) => {
    checkAnswers(readAnswers(await exchange(h.origin, [bytes])));
  });
  expect((await h.call("GET", "/readyz")).status).toBe(200);
});

/** Wrong tokens are answered 401 until there were many from this address, then 429: by when, not by how the bytes came. */
function statuses(answers: readonly RawAnswer[]): number[] {
  return answers.map(({ status, body }) => (body.includes('"too_many_wrong_keys"') ? 401 : status));
}

test("fuzz split: requests that arrive in pieces are answered as if they had come whole", async () => {
  const cases = fc.tuple(fc.constantFrom(...REQUESTS), fc.array(fc.nat(), { minLength: 1, maxLength: 20 }));
  await fuzz("split", cases, async ([text, marks]) => {
    const at = [...new Set(marks.map((mark) => mark % text.length))].sort((a, b) => a - b);
    const pieces = [0, ...at].map((start, index) => text.slice(start, at[index]));
    const answers = readAnswers(await exchange(h.origin, pieces, 1));
    const whole = readAnswers(await exchange(h.origin, [text], 1));
    checkAnswers(answers);
    expect(statuses(answers)).toEqual(statuses(whole));
    expect(answers).toHaveLength(1);
  });
});

test("a publish is taken whichever byte it is split at, and byte by byte", async () => {
  const [publish = ""] = REQUESTS;
  for (let at = 1; at < publish.length; at += 1) {
    const [answer] = readAnswers(await exchange(h.origin, [publish.slice(0, at), publish.slice(at)], 1));
    expect([at, answer?.status]).toEqual([at, 202]);
  }
  const [answer] = readAnswers(await exchange(h.origin, publish.split(""), 1));
  expect(answer?.status).toBe(202);
});

test("fuzz pipeline: requests sent in one go are answered each, in order", async () => {
  const cases = fc.array(fc.tuple(fc.constantFrom("GET", "POST"), fc.nat(1_000_000)), { minLength: 1, maxLength: 12 });
  await fuzz("pipeline", cases, async (calls) => {
    const bytes = calls.map(([method, id]) =>
      method === "GET"
        ? request("GET", "/platform/v1/shops?limit=1", "", `X-Request-Id: r${id}\r\n`)
        : request("POST", "/platform/v1/events", EVENT, `X-Request-Id: r${id}\r\n`),
    );
    const answers = readAnswers(await exchange(h.origin, [bytes.join("")], calls.length));
    expect(answers.map(({ status, headers }) => [status, headers["x-request-id"]])).toEqual(
      calls.map(([method, id]) => [method === "GET" ? 200 : 202, `r${id}`]),
    );
  });
});

/** A second request, hidden where a proxy in front may have seen a body: it must not be carried out. */
const HIDDEN = request("PUT", "/platform/v1/shops/smuggled.genmystore.com", '{"plan":"basic"}');

test.each<[string, string]>([
  ["a length and chunks", `Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ["chunks and a length", `Transfer-Encoding: chunked\r\nContent-Length: ${HIDDEN.length + 5}\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ["two lengths that differ", `Content-Length: 0\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`],
  ["two lengths in one header", `Content-Length: 0, ${HIDDEN.length}\r\n\r\n${HIDDEN}`],
  ["a length with a sign", `Content-Length: +0\r\n\r\n${HIDDEN}`],
  ["a negative length", `Content-Length: -1\r\n\r\n${HIDDEN}`],
  ["a length in hexadecimal", `Content-Length: 0x0\r\n\r\n${HIDDEN}`],
  ["a length with a tail", `Content-Length: 0 0\r\n\r\n${HIDDEN}`],
  ["a length beyond 64 bits", `Content-Length: 18446744073709551616\r\n\r\n${HIDDEN}`],
  ["chunked twice", `Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ["chunked, then identity", `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ["an unknown coding", `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ["a coding in quotes", `Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ["a space before the colon", `Content-Length : 0\r\n\r\n${HIDDEN}`],
  ["a tab before the colon", `Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ["a folded header", `Content-Length:\r\n 0\r\n\r\n${HIDDEN}`],
  ["a folded coding", `Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${HIDDEN}`],
  ["a line feed alone", `Content-Length: 0\nX: y\r\n\r\n${HIDDEN}`],
  ["a carriage return alone", `X: a\rContent-Length: 0\r\n\r\n${HIDDEN}`],
  ["NUL in a name", `Content-Length\0: 0\r\n\r\n${HIDDEN}`],
  ["NUL in a value", `X: a\0b\r\nContent-Length: 0\r\n\r\n${HIDDEN}`],
  ["a chunk size with a tail", `Transfer-Encoding: chunked\r\n\r\n0x\r\n\r\n${HIDDEN}`],
  ["a negative chunk size", `Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n${HIDDEN}`],
  ["a chunk size beyond 64 bits", `Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n\r\n${HIDDEN}`],
  ["a chunk that ends with LF", `Transfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n${HIDDEN}`],
  ["a chunk longer than its size", `Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n${HIDDEN}`],
  ["a chunk extension with LF", `Transfer-Encoding: chunked\r\n\r\n0;a\nb\r\n\r\n${HIDDEN}`],
])("a request that can be read in two ways is refused, and what it hides is not carried out: %s", async (_, rest) => {
  const answers = readAnswers(await exchange(h.origin, [`POST /platform/v1/events HTTP/1.1\r\n${AUTHORIZATION}${rest}`]));
  expect(answers).toHaveLength(1);
  checkAnswers(answers);
  expect([400, 415]).toContain(answers[0]?.status);
  expect(answers[0]?.headers["connection"]).toBe("close");
  expect((await h.call("GET", "/platform/v1/shops/smuggled.genmystore.com")).status).toBe(404);
});

test.each<[string, string, number]>([
  ["no Host", `GET /healthz HTTP/1.1\r\n\r\n`, 400],
  ["two Hosts", `GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`, 400],
  ["HTTP/0.9", "GET /healthz\r\n\r\n", 400],
  ["HTTP/2.0", "GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", 400],
  ["an HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
  ["an unknown method", "BREW /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["a method in lower case", "get /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400],
  ["another proxy's request", "GET http://169.254.169.254/latest/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n", 404],
  ["a tunnel", "CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n", 0],
  ["an asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 404],
  ["TRACE", `TRACE /platform/v1/shops HTTP/1.1\r\n${AUTHORIZATION}\r\n`, 405],
  ["HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n", 200],
  ["an upgrade that is not offered", "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 200],
])("%s", async (_, bytes, status) => {
  const answers = readAnswers(await exchange(h.origin, [bytes]));
  expect(answers.map((answer) => answer.status)).toEqual(status === 0 ? [] : [status]);
  // Nothing of the request comes back: a TRACE would show credentials that scripts cannot read.
  for (const { body } of answers) expect(body).not.toContain(KEY);
});

test("a body that waits for 100 Continue is asked for", async () => {
  const head = `POST /platform/v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n`;
  const taken = (
    await exchange(h.origin, [`${head}Authorization: Bearer ${KEY}\r\nContent-Length: ${EVENT.length}\r\n\r\n`, EVENT], 1)
  ).toString();
  expect(taken).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
});
