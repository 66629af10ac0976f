import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signedRequest } from "@genhook/receiver/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NOW, runCommand } from "./harness.ts";

const CLIENT_SECRET = "a client secret";
const SIGNING_SECRET = `whsec_${Buffer.from("twenty-four bytes, at least").toString("base64")}`;
const BODY = '{"order": {"id": 5,\n "note": "grüße"}}';
const SECRETS = ["--client-secret", CLIENT_SECRET, "--signing-secret", SIGNING_SECRET];

let folder = "";
let headers = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "genhook-verify-"));
  headers = await headersOf(BODY);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function headersOf(body: string, secrets: { clientSecret?: string; signingSecret?: string } = {}): Promise<string> {
  const request = await signedRequest("https://app.example/hooks", {
    body,
    topic: "orders/create",
    clientSecret: CLIENT_SECRET,
    signingSecret: SIGNING_SECRET,
    signedAt: NOW,
    ...secrets,
  });
  return [...request.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
}

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Verifies with these headers and body; the output in one text. */
async function verify(
  headerText: string,
  body: string,
  args: readonly string[] = SECRETS,
): Promise<{ readonly exit: number; readonly text: string }> {
  const { exit, out, error } = await runCommand([
    "verify",
    "--headers",
    file("headers", headerText),
    "--body",
    file("body", body),
    ...args,
  ]);
  return { exit, text: out + error };
}

const withHeader = (name: string, value: string): string => headers.replace(new RegExp(`^${name}: .*$`, "m"), `${name}: ${value}`);

describe("genhook verify", () => {
  it("says that both signatures are right", async () => {
    expect(await verify(headers, BODY)).toEqual({ exit: 0, text: "✓ X-Genstore-Hmac-Sha256 is right\n✓ webhook-signature is right\n" });
  });

  it.each([
    [`${BODY}\n`, "without the line break at its end"],
    [`\uFEFF${BODY}`, "without the byte order mark"],
    [BODY.replaceAll("\n", "\r\n"), "with LF for CRLF"],
  ])("finds out how the body %j was changed", async (body, says) => {
    const { exit, text } = await verify(headers, body);
    expect(exit).toBe(1);
    expect(text.split(says)).toHaveLength(3);
  });

  it("finds out that the body was parsed and written again", async () => {
    const sent = '{"order":{"id":5}}';
    const { text } = await verify(await headersOf(sent), JSON.stringify(JSON.parse(sent), null, 2));
    expect(text).toContain("parsed and written again");
  });

  it("finds out that the secrets were mixed up", async () => {
    const mixed = await headersOf(BODY, {
      clientSecret: SIGNING_SECRET,
      signingSecret: `whsec_${Buffer.from(CLIENT_SECRET).toString("base64")}`,
    });
    const { text } = await verify(mixed, BODY);
    expect(text).toContain("made with the signing secret: this header is made with the client secret");
    expect(text).toContain("made with the client secret: this header is made with the signing secret");
  });

  it("finds out that the signing secret was not decoded", async () => {
    const undecoded = await headersOf(BODY, { signingSecret: `whsec_${Buffer.from(SIGNING_SECRET).toString("base64")}` });
    expect((await verify(undecoded, BODY)).text).toContain("must be decoded from base64");
  });

  it("tells hex and base64url from base64, and what is no MAC at all", async () => {
    const mac = createHmac("sha256", CLIENT_SECRET).update(BODY);
    const bytes = mac.digest();
    expect((await verify(withHeader("x-genstore-hmac-sha256", bytes.toString("hex")), BODY)).text).toContain("right one in hex");
    const url = bytes.toString("base64url");
    expect((await verify(withHeader("x-genstore-hmac-sha256", url), BODY)).text).toContain("base64url");
    expect((await verify(withHeader("x-genstore-hmac-sha256", "AAAA"), BODY)).text).toContain("cut off");
  });

  it("says what it expected where it has no better idea", async () => {
    const { exit, text } = await verify(headers, '{"other":true}');
    expect(exit).toBe(1);
    expect(text).toMatch(/given \S+, expected \S+=\n/);
    expect(text).toContain("another app's secret");
  });

  it("tells the age of what is old, and refuses it only where a tolerance is given", async () => {
    const later = [...SECRETS, "--at", "2026-01-15T13:00:00Z"];
    expect(await verify(headers, BODY, later)).toMatchObject({ exit: 0, text: expect.stringContaining("signed 1 h ago") as string });
    expect(await verify(headers, BODY, [...later, "--tolerance", "300"])).toMatchObject({
      exit: 1,
      text: expect.stringContaining("300 s are allowed") as string,
    });
  });

  it("checks what it has secrets for, and says what it did not check", async () => {
    const { exit, text } = await verify(headers, BODY, ["--signing-secret", SIGNING_SECRET]);
    expect([exit, text]).toEqual([0, "✓ webhook-signature is right\n– X-Genstore-Hmac-Sha256 was not checked: give --client-secret.\n"]);
    expect((await verify(headers, BODY, [])).exit).toBe(2);
  });

  it("reads a whole request, JSON headers, curl's marks and standard input", async () => {
    const raw = `POST /hooks HTTP/1.1\r\n${headers.replaceAll("\n", "\r\n")}\r\n\r\n${BODY}`;
    expect((await runCommand(["verify", "--request", file("request", raw), ...SECRETS])).exit).toBe(0);
    const json = JSON.stringify(Object.fromEntries(headers.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2))));
    expect((await verify(json, BODY)).exit).toBe(0);
    expect((await verify(headers.replaceAll(/^/gm, "> "), BODY)).exit).toBe(0);
    const piped = await runCommand(["verify", "--headers", file("headers", headers), "--body", "-", ...SECRETS], { input: BODY });
    expect(piped.exit).toBe(0);
    const lines = headers.split("\n").flatMap((line) => ["-H", line]);
    expect((await runCommand(["verify", ...lines, "--body", file("body", BODY), ...SECRETS], { environment: {} })).exit).toBe(0);
  });

  it("checks a signed query", async () => {
    const query = "code=a%20b&shop=linen.genmystore.com&timestamp=1";
    const hmac = createHmac("sha256", CLIENT_SECRET).update(query).digest("hex");
    const check = (text: string): ReturnType<typeof runCommand> =>
      runCommand(["verify", "--query", text, "--client-secret", CLIENT_SECRET]);
    expect((await check(`https://app.example/?${query}&hmac=${hmac}`)).exit).toBe(0);
    expect(await check(`${query.replace("%20", " ")}&hmac=${hmac}`)).toMatchObject({
      exit: 1,
      out: expect.stringContaining("percent-encoded") as string,
    });
    expect(await check(`${query}x&hmac=${hmac}`)).toMatchObject({ exit: 1, out: expect.stringContaining("was changed") as string });
    expect((await check(`shop=%zz&hmac=${hmac}`)).exit).toBe(1);
    expect(await check(query)).toMatchObject({ exit: 1, out: expect.stringContaining("no hmac parameter") as string });
  });

  it("says that a signing secret that cannot be one may be the client secret", async () => {
    const { exit, text } = await verify(headers, BODY, ["--signing-secret", "3f9c1f0e5a7b4c2d8e6f00112233445566778899aabbccdd"]);
    expect(exit).toBe(1);
    expect(text).toContain("does not begin with whsec_");
  });

  it("checks Ed25519 signatures with the published key", async () => {
    const pair = generateKeyPairSync("ed25519");
    const publicKey = `whpk_${pair.publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("base64")}`;
    const [id, time] = ["dlv_1", String(NOW / 1_000)];
    const signature = sign(null, Buffer.from(`${id}.${time}.${BODY}`), pair.privateKey).toString("base64");
    const signed = `webhook-id: ${id}\nwebhook-timestamp: ${time}\nwebhook-signature: v1a,${signature}`;
    expect(await verify(signed, BODY, ["--signing-secret", publicKey])).toEqual({ exit: 0, text: "✓ webhook-signature is right\n" });
    expect(await verify(signed, `${BODY}\n`, ["--signing-secret", publicKey])).toMatchObject({
      exit: 1,
      text: expect.stringContaining("line break at its end") as string,
    });
    expect(await verify(signed, "{}", ["--signing-secret", publicKey])).toMatchObject({
      exit: 1,
      text: expect.stringContaining("was changed on the way") as string,
    });
  });

  it("says what it needs", async () => {
    expect(await runCommand(["verify"])).toMatchObject({ exit: 2 });
    expect(await runCommand(["verify", "-H", "a: b", "--body", file("body", BODY)])).toMatchObject({
      exit: 2,
      error: expect.stringContaining("no signature") as string,
    });
    expect(await runCommand(["verify", "--request", file("r", "no end"), ...SECRETS])).toMatchObject({ exit: 2 });
    expect(await runCommand(["verify", "--headers", join(folder, "missing"), "--body", "-"])).toMatchObject({ exit: 2 });
  });
});
