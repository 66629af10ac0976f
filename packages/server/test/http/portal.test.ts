import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { PORTAL_LINKS_PATH, PORTAL_HEADER, PORTAL_PAGES, SESSION_PATH } from "@genhook/contract";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Harness, KEY, SHOP } from "../harness.ts";

const h = new Harness();
const folder = mkdtempSync(join(tmpdir(), "genhook-portal-files-"));
const source: { folder: string | null; failure: string | null } = { folder: null, failure: null };
const MARK = { [PORTAL_HEADER]: "1" };

beforeEach(() => {
  Object.assign(source, { folder: null, failure: null });
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "assets"), { recursive: true });
  writeFileSync(join(folder, "index.html"), "<!doctype html><title>the portal</title>");
  writeFileSync(join(folder, "assets", "a-1.js"), "plain");
  writeFileSync(join(folder, "assets", "a-1.js.br"), brotliCompressSync("plain"));
  writeFileSync(join(folder, "assets", "a-1.js.gz"), gzipSync("plain"));
});
afterEach(() => h.stop());

/** Signs in; answers the session's cookie. */
async function signIn(key: string, headers: Readonly<Record<string, string>> = MARK) {
  const answer = await h.call("POST", SESSION_PATH, { key }, { key: null, headers });
  return { answer, cookie: answer.headers.get("Set-Cookie")?.split(";")[0] ?? "" };
}

const get = (path: string, headers: Readonly<Record<string, string>>) => h.call("GET", path, undefined, { key: null, headers });

test("until it is built, / says so and leads to the API; from then on every page is there, and stays the API's where it is not the portal's", async () => {
  await h.start({}, source);
  const before = await get("/", {});
  expect([before.status, before.headers.get("Cache-Control")]).toEqual([200, "no-store"]);
  expect(before.text).toContain("is being built");
  expect(before.text).toContain('href="/docs"');
  source.failure = "Building it failed <here>";
  expect((await get("/", {})).text).toContain("Building it failed &lt;here>");
  source.folder = folder;
  for (const path of ["/", ...PORTAL_PAGES.flatMap((page) => [`/${page}`, `/${page}/of${page === "apps" ? "" : "/something"}`])]) {
    const page = await get(path, {});
    expect([path, page.status, page.headers.get("Cache-Control"), page.text]).toEqual([
      path,
      200,
      "no-store",
      expect.stringContaining("the portal"),
    ]);
    expect(page.headers.get("Content-Security-Policy")).toMatch(
      /default-src 'none'; script-src 'self'; style-src 'self';.*frame-ancestors 'none'/,
    );
  }
  const unknown = await get("/elsewhere", { Accept: "text/html" });
  expect([unknown.status, unknown.body.code]).toEqual([404, "not_found"]);
});

test("assets are sent in the smallest form that is taken, and kept for good; nothing outside their folder is", async () => {
  source.folder = folder;
  await h.start({}, source);
  const asset = async (encodings: string) => {
    const response = await fetch(`${h.origin}/assets/a-1.js`, { headers: { "Accept-Encoding": encodings } });
    expect(await response.text()).toBe("plain");
    return [response.headers.get("Content-Encoding"), response.headers.get("Vary"), response.headers.get("Cache-Control")];
  };
  const rest = ["Accept-Encoding", "public, max-age=31536000, immutable"];
  expect(await asset("identity")).toEqual([null, ...rest]);
  expect(await asset("gzip, deflate, br, zstd")).toEqual(["br", ...rest]);
  expect(await asset("gzip;q=1.0, br;q=0")).toEqual(["gzip", ...rest]);
  for (const path of ["/assets/none.js", "/assets/../index.html", "/assets/%2e%2e/index.html", "/assets/"]) {
    const { status, text } = await get(path, {});
    expect([path, status, text.includes("the portal")]).toEqual([path, 404, false]);
  }
});

test("a session counts only for the portal's own calls, and has its key's role", async () => {
  await h.start();
  const { answer, cookie } = await signIn(KEY);
  expect(answer.body).toEqual({
    session: { role: "admin", name: "--platform-key", expiresAt: expect.any(String) as string, version: "0.1.0" },
  });
  expect(answer.headers.get("Set-Cookie")).toMatch(/^genhook-\d+=[\w=-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  expect((await get("/platform/v1/shops", { Cookie: cookie, ...MARK })).status).toBe(200);
  // Without the header, or from another origin, the cookie is as good as none.
  expect((await get("/platform/v1/shops", { Cookie: cookie })).body.code).toBe("token_missing");
  expect((await get("/platform/v1/shops", { Cookie: cookie, ...MARK, "Sec-Fetch-Site": "cross-site" })).body.code).toBe("token_missing");
  expect((await get("/platform/v1/shops", { Cookie: cookie, ...MARK, "Sec-Fetch-Site": "same-site" })).body.code).toBe("token_missing");
  // A key that is sent is looked at instead.
  expect((await get("/platform/v1/shops", { Cookie: cookie, ...MARK, Authorization: "Bearer wrong" })).body.code).toBe("token_invalid");
  const { key } = (await h.call("POST", "/platform/v1/keys", { name: "wallboard", role: "read" })).body;
  const reader = (await signIn(key.key)).cookie;
  const change = await h.call("PUT", `/platform/v1/shops/${SHOP}`, { plan: "basic" }, { key: null, headers: { Cookie: reader, ...MARK } });
  expect([change.status, change.body.code]).toEqual([403, "scope_missing"]);
  // Revoked: out at once.
  await h.call("DELETE", `/platform/v1/keys/${key.id}`);
  expect((await get("/platform/v1/shops", { Cookie: reader, ...MARK })).status).toBe(401);
  expect((await get(SESSION_PATH, { Cookie: reader, ...MARK })).body).toMatchObject({ session: null });
});

test("who made a change through the portal stands in the audit", async () => {
  await h.start();
  const { cookie } = await signIn(KEY);
  await h.call("PUT", `/platform/v1/shops/${SHOP}`, { plan: "basic" }, { key: null, headers: { Cookie: cookie, ...MARK } });
  const { records } = (await h.call("GET", "/platform/v1/audit?action=putShop")).body;
  expect(records[0].actor).toMatch(/^key setting-\w+ --platform-key$/);
});

test("signing out ends the session wherever its cookie is, also after a restart; a made-up cookie is none", async () => {
  await h.start();
  const { cookie } = await signIn(KEY);
  const other = (await signIn(KEY)).cookie;
  const out = await h.call("DELETE", SESSION_PATH, undefined, { key: null, headers: { Cookie: cookie, ...MARK } });
  expect([out.status, out.headers.get("Set-Cookie")]).toEqual([200, expect.stringContaining("Max-Age=0") as string]);
  expect((await get(SESSION_PATH, { Cookie: cookie, ...MARK })).body).toMatchObject({ session: null });
  await h.restart();
  const renamed = (each: string): string => `genhook-${new URL(h.origin).port}=${each.split("=").slice(1).join("=")}`;
  expect((await get(SESSION_PATH, { Cookie: renamed(cookie), ...MARK })).body).toMatchObject({ session: null });
  expect((await get(SESSION_PATH, { Cookie: renamed(other), ...MARK })).body.session.role).toBe("admin");
  const forged = `${renamed(other).slice(0, -8)}AAAAAAA=`;
  expect((await get(SESSION_PATH, { Cookie: forged, ...MARK })).body).toMatchObject({ session: null });
});

test("a key that may only publish, a wrong key, and no key are told apart; too many wrong ones have to wait", async () => {
  await h.start();
  const { key } = (await h.call("POST", "/platform/v1/keys", { name: "shop", role: "publish" })).body;
  expect((await signIn(key.key)).answer.body.code).toBe("scope_missing");
  expect((await h.call("POST", SESSION_PATH, {}, { key: null, headers: MARK })).body).toMatchObject({
    code: "missing_member",
    member: "key",
  });
  // Another site's form could send this, but not the header.
  expect((await signIn(KEY, {})).answer.status).toBe(404);
  let answer = (await signIn("wrong")).answer;
  for (let tries = 1; answer.status === 401 && tries < 60; tries += 1) ({ answer } = await signIn("wrong"));
  expect([answer.status, answer.body.code]).toEqual([429, "too_many_wrong_keys"]);
  expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
});

test("behind https the cookie is Secure and bound to its host; on a shop's domain there is no portal", async () => {
  await h.start({ "trust-proxy": "loopback" }, source);
  const { answer } = await signIn(KEY, { ...MARK, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "hooks.example.com" });
  expect(answer.headers.get("Set-Cookie")).toMatch(/^__Host-genhook=[\w=-]+; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/);
  const ofShop = { ...MARK, "X-Forwarded-Host": SHOP };
  expect((await get("/", ofShop)).status).toBe(404);
  expect((await signIn(KEY, ofShop)).answer.status).toBe(404);
});

test("with a port of its own for the platform API, operators come in there, and app developers where their API is", async () => {
  source.folder = folder;
  await h.start({ "platform-port": "0" }, source);
  const { origin = "", platformOrigin = "" } = h.genhook ?? {};
  const ways: string[][] = [];
  for (const each of [origin, platformOrigin]) {
    expect(await (await fetch(`${each}/`)).text()).toContain("the portal");
    const state = (await (await fetch(each + SESSION_PATH, { headers: MARK })).json()) as { ways: string[] };
    ways.push(state.ways);
  }
  expect(ways).toEqual([["app"], ["operator"]]);
  for (const [at, path] of [
    [origin, "/keys"],
    [origin, "/apps"],
    [platformOrigin, `${PORTAL_LINKS_PATH}/x`],
  ])
    expect([path, (await fetch(`${at}${path}`)).status]).toEqual([path, 404]);
  const post = { method: "POST", headers: { ...MARK, "Content-Type": "application/json" }, body: JSON.stringify({ key: KEY }) };
  expect((await fetch(origin + SESSION_PATH, post)).status).toBe(422);
  h.origin = platformOrigin;
  const { clientId } = await h.install();
  const link = await h.call("POST", "/platform/v1/portal-links", { clientId, can: ["read"], minutes: 5 });
  expect(new URL(link.body.url as string).origin).toBe(origin);
});
