import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness } from "../harness.ts";

const h = new Harness();

beforeAll(() => h.start());
afterAll(() => h.stop());

/** What a server answers to these bytes, until it closes the connection. */
function answerTo(bytes: string): Promise<string> {
  const { hostname, port } = new URL(h.origin);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

test.each([
  ["no HTTP at all", "SSH-2.0-OpenSSH_9.6\r\n\r\n", 400, "malformed_request"],
  ["a header without a colon", "GET /healthz HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", 400, "malformed_request"],
  [
    "two lengths",
    "POST /platform/v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    400,
    "malformed_request",
  ],
  [
    "length and chunks",
    "POST /platform/v1/events HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    400,
    "malformed_request",
  ],
  ["headers without an end", `GET /healthz HTTP/1.1\r\nHost: a\r\nCookie: ${"a".repeat(20_000)}\r\n\r\n`, 431, "headers_too_large"],
])("%s is answered in the contract's shape", async (_, bytes, status, code) => {
  const answer = await answerTo(bytes);
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  expect(head.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
  expect(head.toLowerCase()).toContain("x-request-id: ");
  expect(JSON.parse(body)).toEqual({ error: expect.any(String) as string, code });
});

test("a media type that cannot be read is 415, behind the checks that come before it, and no failure of ours", async () => {
  for (const type of ["json", "applx-ndjson", "application/", ";", "application json", "application/json/x"]) {
    const headers = { "Content-Type": type };
    const refused = await h.call("POST", "/platform/v1/events", undefined, { headers, raw: "{}" });
    expect([type, refused.status, refused.body.code]).toEqual([type, 415, "unsupported_media_type"]);
    const unknown = await h.call("POST", "/platform/v1/events", undefined, { headers, raw: "{}", key: "none" });
    expect([type, unknown.status, unknown.body.code]).toEqual([type, 401, "token_invalid"]);
    const nowhere = await h.call("POST", "/platform/v1/nowhere", undefined, { headers, raw: "{}" });
    expect([type, nowhere.status, nowhere.body.code]).toEqual([type, 404, "not_found"]);
  }
});

test.each([
  ["no Host", "GET /healthz HTTP/1.1\r\n\r\n"],
  ["two Hosts", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
  ["HTTP/0.9", "GET /healthz\r\n\r\n"],
  ["HTTP/2.0 in a request line", "GET /healthz HTTP/2.0\r\nHost: a\r\nConnection: close\r\n\r\n"],
])("%s is a malformed request", async (_, bytes) => {
  const answer = await answerTo(bytes);
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  expect(head).toMatch(/^HTTP\/1\.1 400 /);
  expect(JSON.parse(body)).toEqual({ error: expect.any(String) as string, code: "malformed_request" });
});

test("an expectation that nobody knows is passed over", async () => {
  const answer = await answerTo("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: the-best\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1\.1 200 /);
});

test("paths that cannot be decoded, or are too long, are not found", async () => {
  for (const path of [
    "/%",
    "/%zz",
    "/platform/v1/shops/%ff",
    "/api/202412/app/webhooks/%E0%A4%A",
    `/platform/v1/shops/${"a".repeat(3_000)}`,
  ]) {
    const answer = await h.call("GET", path);
    expect([path.slice(0, 40), answer.status, answer.body.code]).toEqual([path.slice(0, 40), 404, "not_found"]);
  }
});
