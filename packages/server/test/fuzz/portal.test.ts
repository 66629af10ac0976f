import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ERRORS, isErrorCode, PORTAL_HEADER, PORTAL_LINKS_PATH, PORTAL_PAGES, SESSION_PATH } from "@genhook/contract";
import { fuzz } from "@genhook/testkit";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, KEY, type Answer } from "../harness.ts";
import { exchange, readAnswers } from "./raw-http.ts";
import { hostileText, hostileValue } from "./schema-values.ts";

const h = new Harness();
const root = mkdtempSync(join(tmpdir(), "genhook-portal-fuzz-"));
/** Lies beside the portal's files. */
const OUTSIDE = "what nobody may read";
const MARK = { [PORTAL_HEADER]: "1" };
let cookie = "";

beforeAll(async () => {
  const folder = join(root, "files");
  mkdirSync(join(folder, "assets"), { recursive: true });
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>the portal</title>");
  writeFileSync(join(folder, "assets", "a-1.js"), "plain");
  writeFileSync(join(root, "secret.js"), OUTSIDE);
  await h.start({}, { folder, failure: null });
  await h.install();
  const signedIn = await h.call("POST", SESSION_PATH, { key: KEY }, { key: null, headers: MARK });
  cookie = signedIn.headers.get("Set-Cookie")?.split(";")[0] ?? "";
  if (!cookie.includes("=")) throw new Error(`no session was given: ${signedIn.text}`);
});
afterAll(async () => {
  await h.stop();
  rmSync(root, { recursive: true, force: true });
});

function checkAnswer({ status, body, text, headers }: Answer): void {
  const context = `${status} ${text.slice(0, 300)}`;
  expect(status === 503 ? headers.get("retry-after") : status < 500, context).toBeTruthy();
  expect(text, context).not.toContain(OUTSIDE);
  if (status < 400) return;
  const { code } = body as { code: string };
  expect(isErrorCode(code) && ERRORS[code].status, context).toBe(status);
}

/** Bytes that may stand in a header. */
const headerText = fc.string({ unit: fc.constantFrom(...Array.from("abcXYZ019=;,._~%+/\\\"' -\t\u00e9")), maxLength: 300 });

test("fuzz portal sign-in: nobody gets a session for anything but a key or an app's own secret", async () => {
  const bodies = fc.oneof(
    hostileValue,
    fc.record({ key: fc.oneof(hostileText, hostileValue) }),
    fc.record({ clientId: fc.oneof(hostileText, hostileValue), clientSecret: fc.oneof(hostileText, hostileValue) }),
    fc.record({ key: hostileText, clientId: hostileText, clientSecret: hostileText, extra: hostileValue }),
  );
  await fuzz("portal sign-in", fc.tuple(bodies, fc.constantFrom(MARK, {})), async ([body, headers]) => {
    const answer = await h.call("POST", SESSION_PATH, body, { key: null, headers });
    checkAnswer(answer);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.headers.get("Set-Cookie")).toBeNull();
  });
});

test("fuzz portal session: a cookie that is not what was given opens nothing", async () => {
  const changed = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })).map(([at, by]) => {
    const name = cookie.indexOf("=") + 1;
    const index = name + (at % (cookie.length - name));
    const other = String.fromCharCode(33 + ((cookie.charCodeAt(index) - 33 + by) % 90));
    return cookie.slice(0, index) + other + cookie.slice(index + 1);
  });
  const cut = fc.nat().map((length) => cookie.slice(0, length % cookie.length));
  const cases = fc.oneof(
    changed,
    cut,
    headerText,
    headerText.map((text) => `${cookie.split("=")[0]}=${text}`),
  );
  await fuzz("portal session", cases, async (given) => {
    const headers = { ...MARK, Cookie: given };
    const asked = await h.call("GET", SESSION_PATH, undefined, { key: null, headers });
    checkAnswer(asked);
    const isSame = given.split(";").some((each) => each.trim() === cookie);
    if (asked.status === 200) expect(asked.body.session !== null, given).toBe(isSame);
    const listed = await h.call("GET", "/platform/v1/shops", undefined, { key: null, headers });
    checkAnswer(listed);
    expect(listed.status === 200, given).toBe(isSame);
  });
});

test("fuzz portal paths: nothing but the portal's files is read, however the path is written", async () => {
  const steps = fc.constantFrom(
    "..",
    ".",
    "%2e%2e",
    "..%2f",
    "%2e%2e%2f",
    "..%5c",
    "\\",
    "%00",
    "assets",
    "secret.js",
    "index.html",
    "a-1.js",
    "",
    "%",
    "%zz",
    "%c0%ae",
  );
  const starts = fc.constantFrom(
    "/assets/",
    "/",
    `${PORTAL_LINKS_PATH}/`,
    `${PORTAL_LINKS_PATH}/${randomUUID()}/`,
    ...PORTAL_PAGES.map((page) => `/${page}/`),
  );
  const cases = fc.tuple(
    starts,
    fc.array(fc.oneof({ weight: 3, arbitrary: steps }, hostileText.map(encodeSafely)), { maxLength: 8 }),
    headerText,
  );
  await fuzz("portal paths", cases, async ([start, path, encodings]) => {
    // As bytes: a client would tidy the path up.
    const request = `GET ${start}${path.join("/")} HTTP/1.1\r\nHost: portal.example.com\r\nAccept-Encoding: ${encodings.replaceAll("\t", " ").trim()}\r\n\r\n`;
    const answers = readAnswers(await exchange(h.origin, [request]));
    for (const { status, body } of answers) {
      expect(status, `${request} ${body}`).toBeLessThan(500);
      expect(body).not.toContain(OUTSIDE);
    }
    expect(answers.length).toBeLessThanOrEqual(1);
  });
});

function encodeSafely(text: string): string {
  return encodeURIComponent(text.toWellFormed()).slice(0, 200);
}
