import { describe, expect, test } from "vitest";
import { receive, REASONS, verifyHmac, verifySignature } from "../src/index.ts";
import { signHmac } from "../src/testing/index.ts";
import { BODY, CLIENT, delivery, refusal, SIGNING } from "./fixtures.ts";

/** What a developer reads who has fallen into one of the traps around raw bodies. */
const explain = async (body: unknown, more: Record<string, string> = {}): Promise<string> => {
  const { headers } = await delivery();
  return (await refusal(verifySignature(body as string, { ...headers, ...more }, SIGNING))).message;
};

describe("a body that was parsed before it was verified", () => {
  test.each([
    ["a parsed object", JSON.parse(BODY) as object, "is an object: a body parser came first"],
    ["a parsed list", [1], "is an object"],
    ["nothing", undefined, "nothing was read"],
    ["null", null, "nothing was read"],
    ["a number", 5, "is a number"],
    ["a Buffer that went through JSON", JSON.parse(JSON.stringify(Buffer.from(BODY))) as object, "a Buffer that went through JSON"],
    ["a stream", new Blob([BODY]).stream(), "read its bytes first"],
    ["a request", new Request("https://a.example.com", { method: "POST", body: BODY }), "read its bytes first"],
  ])("%s: the app is to blame, and told what to do in its framework", async (_, body, finding) => {
    const { headers } = await delivery();
    const given = body as unknown as string;
    for (const check of [verifySignature(given, headers, SIGNING), verifyHmac(given, headers, CLIENT)]) {
      const error = await refusal(check);
      expect([error.reason, error.status]).toEqual(["body_already_parsed", 500]);
      expect(error.message).toContain(finding);
      for (const framework of ["express.raw", "fastifyReceiver", "bodyParser: false", "koaReceiver", "rawBody: true", "isBase64Encoded"]) {
        expect(error.message).toContain(framework);
      }
    }
  });

  test("written again by JSON.stringify: the message says so, and nothing is tried in another spelling", async () => {
    const rewritten = JSON.stringify(JSON.parse(BODY));
    expect(rewritten).not.toBe(BODY);
    expect(await explain(rewritten)).toContain("JSON.stringify(request.body)");
  });

  test("bytes missing or added: Content-Length gives it away", async () => {
    expect(await explain(`${BODY}\n`, { "Content-Length": String(BODY.length) })).toContain(
      `Content-Length says ${BODY.length} bytes and ${BODY.length + 1} were given`,
    );
    // An encoded body has another length for good reason.
    expect(await explain(`${BODY}\n`, { "Content-Length": "3", "Content-Encoding": "gzip" })).not.toContain("Content-Length");
  });

  test("read before: it is empty", async () => expect(await explain("")).toContain("something read it before"));

  test("still in base64", async () => {
    expect(await explain(Buffer.from(BODY).toString("base64"))).toContain("isBase64Encoded");
  });

  test("a secret with a line break from its file", async () => {
    const { headers } = await delivery();
    expect((await refusal(verifyHmac(BODY, headers, `${CLIENT}\n`))).message).toContain("white space");
  });

  test("otherwise: the secret", async () => {
    const { headers } = await delivery({ signingSecret: "whsec_AAAA" });
    expect((await refusal(verifySignature(BODY, headers, SIGNING))).message).toContain("secret is this app's");
  });

  test("a large forged body is not looked into", async () => {
    const body = JSON.stringify({ text: "x".repeat(70_000) });
    const { headers } = await delivery();
    expect((await refusal(verifySignature(body, headers, SIGNING))).message).not.toContain("JSON.stringify");
  });
});

test("no message holds a secret or the payload", async () => {
  const { headers } = await delivery();
  const messages = [
    await explain("not it"),
    await explain({ secret: "payload" }),
    (await refusal(verifyHmac(`${BODY} `, headers, CLIENT))).message,
    (await refusal(verifySignature(BODY, headers, "whsec_!notbase64!"))).message,
    (await refusal(receive("{", { ...headers, "X-Genstore-Hmac-Sha256": await signHmac("{", CLIENT) }, { clientSecret: CLIENT }))).message,
  ];
  for (const message of messages) expect(message).not.toMatch(/client-secret|MfKQ9r8G|notbase64|300157930096874/);
});

test("each reason has a status that tells who is to blame", () => {
  for (const [reason, status] of Object.entries(REASONS)) {
    expect([400, 401, 409, 413, 500]).toContain(status);
    expect(status === 500).toBe(/^(secret|crypto|body_already)/.test(reason));
  }
});
