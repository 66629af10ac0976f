import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { billOfMaterials } from "../sbom.ts";
import { BUNDLED, thirdParty } from "../third-party.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("everything that an installation contains of others has a licence that fits, and stands in docs/third-party.md", () => {
  const { page, refused } = thirdParty();
  expect(refused).toEqual([]);
  const path = `${root}docs/third-party.md`;
  if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(path)) writeFileSync(path, page);
  expect(readFileSync(path, "utf8")).toBe(page);
});

test("what any of our packages depends on, but those that only test, stands on the page", () => {
  const { page } = thirdParty();
  const needed = globSync("packages/*/package.json", { cwd: root })
    .filter((file) => !file.includes("testkit"))
    .flatMap((file) =>
      Object.keys((JSON.parse(readFileSync(root + file, "utf8")) as { readonly dependencies?: object }).dependencies ?? {}),
    )
    .filter((name) => !name.startsWith("@genhook/"));
  expect(needed).toContain("pg");
  expect(needed.filter((name) => !page.includes(`\n| ${name} |`))).toEqual([]);
});

test("what the portal imports is known to be bundled", () => {
  const files = globSync("packages/dashboard/src/**/*.{ts,tsx}", { cwd: root });
  expect(files.length).toBeGreaterThan(0);
  const imported = files.flatMap((file) =>
    [...readFileSync(root + file, "utf8").matchAll(/from "((?:@[^/"]+\/)?[a-z][^/"]*)/g)].map(([, name = ""]) => name),
  );
  const foreign = new Set(imported.filter((name) => !name.startsWith("@genhook/")));
  expect([...foreign].filter((name) => !BUNDLED.includes(name))).toEqual([]);
});

test("the bill of materials names what docs/third-party.md names, each with its checksum: also what the root depends on by way of our packages", () => {
  const { components } = billOfMaterials() as {
    components: { name: string; version: string; purl: string; hashes: { content: string }[] }[];
  };
  const rows = [...readFileSync(`${root}docs/third-party.md`, "utf8").matchAll(/^\| (\S+) \| (\d\S*) \|/gm)].map(
    ([, name, version]) => `${name}@${version}`,
  );
  expect(components.map(({ name, version }) => `${name}@${version}`)).toEqual(rows);
  expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(["pg", "fastify", "nodemailer", "commander"]));
  expect(components.filter(({ hashes }) => !/^[0-9a-f]{128}$/.test(hashes[0]?.content ?? ""))).toEqual([]);
  expect(new Set(components.map(({ purl }) => purl)).size).toBe(components.length);
});
