import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { DELIVERY_HEADER_NOTES } from "@genhook/contract";
import { receive } from "@genhook/receiver";
import { afterAll, describe, expect, test } from "vitest";
import { blocksOf } from "../src/read-markdown.ts";
import { readPage } from "../src/repository.ts";

interface Vector {
  readonly name: string;
  readonly secrets: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBase64: string;
  readonly nowSeconds: number;
  readonly expected: string;
}
interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The request that a block of `http` shows. */
function requestOf(page: string): Request {
  const shown = blocksOf(readPage(page)).find(({ language }) => language === "http")?.code ?? "";
  const [head = "", body = ""] = shown.split("\n\n");
  const headers = head
    .split("\n")
    .slice(1)
    .map((line): [string, string] => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]);
  return { headers: Object.fromEntries(headers), body: new TextEncoder().encode(body.trimEnd()) };
}

interface BodyVector {
  readonly secrets: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly bodyBase64: string;
  readonly expected: string;
}

const vectors = JSON.parse(readPage("packages/receiver/vectors/vectors.json")) as {
  readonly standard: readonly Vector[];
  readonly bodyHmac: readonly BodyVector[];
};
/** What the page's code knows: one secret of the first kind. */
const known = vectors.standard.filter(({ secrets }) => secrets.length === 1 && secrets[0]?.startsWith("whsec_") === true);
const code = (language: string): string => blocksOf(readPage("docs/verifying.md")).find((block) => block.language === language)?.code ?? "";
const folder = mkdtempSync(join(tmpdir(), "genhook-verifying-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the code of docs/verifying.md finds of each vector what the kit finds", () => {
  test("TypeScript", async () => {
    const file = join(folder, "verify.ts");
    writeFileSync(file, code("ts"));
    const { isGenuine } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      readonly isGenuine: (body: Uint8Array, headers: object, secret: string, nowMs: number) => boolean;
    };
    const found = known.map(({ name, secrets, headers, bodyBase64, nowSeconds }) => [
      name,
      isGenuine(Buffer.from(bodyBase64, "base64"), headers, secrets[0] ?? "", nowSeconds * 1000),
    ]);
    expect(found.length).toBeGreaterThan(15);
    expect(found).toEqual(known.map(({ name, expected }) => [name, expected === "valid"]));
  });

  const python = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]).status === 0;
  test.skipIf(!python)(`Python${python ? "" : ": no python3 of 3.9 or later here"}`, () => {
    const file = join(folder, "verify.py");
    const main = [
      "import json, sys",
      "for each in json.load(sys.stdin):",
      '    print(json.dumps(is_genuine(base64.b64decode(each["bodyBase64"]), each["headers"], each["secrets"][0], each["nowSeconds"])))',
    ];
    writeFileSync(file, `${code("python")}\n${main.join("\n")}\n`);
    const { stdout, stderr } = spawnSync("python3", [file], { input: JSON.stringify(known), encoding: "utf8" });
    expect(stderr).toBe("");
    const found = stdout
      .trim()
      .split("\n")
      .map((line, index) => [known[index]?.name, line === "true"]);
    expect(found).toEqual(known.map(({ name, expected }) => [name, expected === "valid"]));
  });

  const openssl = spawnSync("openssl", ["version"]).status === 0;
  test.skipIf(!openssl)(`a shell, for the body's HMAC${openssl ? "" : ": no openssl here"}`, () => {
    const script = code("sh");
    expect(script).toContain("openssl dgst");
    const valid = vectors.bodyHmac.filter(({ expected, secrets }) => expected === "valid" && secrets.length === 1);
    expect(valid.length).toBeGreaterThan(0);
    for (const { secrets, headers, bodyBase64 } of valid) {
      writeFileSync(join(folder, "body.json"), Buffer.from(bodyBase64, "base64"));
      const { stdout } = spawnSync("sh", ["-c", script], {
        cwd: folder,
        env: { ...process.env, CLIENT_SECRET: secrets[0] },
        encoding: "utf8",
      });
      expect(stdout.trim()).toBe(headers["X-Genstore-Hmac-Sha256"]);
    }
  });
});

describe("the delivery of docs/receiving.md", () => {
  const page = readPage("docs/receiving.md");
  const { headers, body } = requestOf("docs/receiving.md");

  test("is genuine under the secrets that the page names", async () => {
    const signingSecret = /`(whsec_\w+)`/.exec(page)?.[1] ?? "";
    const clientSecret = /client secret `(\w+)`/.exec(page)?.[1] ?? "";
    const now = (): number => Number(headers["webhook-timestamp"]) * 1000;
    const event = await receive(body, headers, { signingSecret, clientSecret, now });
    expect([event.topic, event.deliveryId, event.shopDomain]).toEqual([
      headers["X-Genstore-Topic"],
      headers["webhook-id"],
      headers["X-Genstore-Shop-Domain"],
    ]);
  });

  test("has every header that a delivery always has, and the page explains every one that it may have", () => {
    const names = Object.keys(headers).filter((name) => !["Host", "Content-Type", "User-Agent"].includes(name));
    expect(names.toSorted()).toEqual(
      DELIVERY_HEADER_NOTES.filter(({ isAlways }) => isAlways)
        .map(({ name }) => name)
        .toSorted(),
    );
    const table = page.slice(page.indexOf("| header | says |"), page.indexOf("The request above"));
    const explained = [...table.matchAll(/`([\w-]+)`(?=[^|]*\|[^|]*\|$)/gm)].map(([, name]) => name);
    expect(DELIVERY_HEADER_NOTES.map(({ name }) => name).filter((name) => !explained.includes(name))).toEqual([]);
  });
});
