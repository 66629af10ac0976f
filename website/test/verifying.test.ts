import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
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
  test.skipIf(!python)("Python", () => {
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
  test.skipIf(!openssl)("a shell, for the body's HMAC", () => {
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
