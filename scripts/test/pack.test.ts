import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BUDGETS, bytesIn, contentList, filesIn } from "../pack/contents.ts";
import { stagePackages, type StagedPackage } from "../pack/stage.ts";
import { isPublished, readWorkspaces, REPOSITORY, type PackageJson } from "../pack/workspaces.ts";

// Below node_modules, as packages are installed: Node runs no TypeScript there, and finds what they depend on.
const CACHE = join(REPOSITORY, "node_modules", ".cache", "genhook-pack");
mkdirSync(CACHE, { recursive: true });
const folder = mkdtempSync(join(CACHE, "staged-"));
let staged: readonly StagedPackage[] = [];
beforeAll(() => {
  staged = stagePackages(folder);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const workspaces = [...readWorkspaces().values()];
const published = workspaces.filter(isPublished).map(({ manifest }) => manifest.name);
const find = (name: string): StagedPackage => staged.find((each) => each.name === name) ?? expect.fail(`${name} is not staged`);
const manifestOf = ({ folder }: StagedPackage): PackageJson =>
  JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageJson;

test("there is one version, and the changelog begins with it", () => {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as PackageJson;
  expect(workspaces.filter(({ manifest }) => manifest.version !== version).map(({ folder }) => folder)).toEqual([]);
  const [, heading] = /^## (.*)$/m.exec(readFileSync(join(REPOSITORY, "CHANGELOG.md"), "utf8")) ?? [];
  expect(heading).toMatch(new RegExp(`^${version.replaceAll(".", "\\.")}, (unreleased|\\d{4}-\\d{2}-\\d{2})$`));
});

test("the examples are for this version, and name what they import", () => {
  const { version } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8")) as PackageJson;
  const manifests = globSync("examples/*/package.json", { cwd: REPOSITORY });
  expect(manifests.length).toBeGreaterThan(5);
  for (const path of manifests) {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(REPOSITORY, path), "utf8")) as PackageJson;
    const own = Object.entries(dependencies).filter(([name]) => published.includes(name));
    expect([path, own.filter(([, range]) => range !== `^${version}`)]).toEqual([path, []]);
    const imported = globSync("{src,app,lib,test}/**/*.ts", { cwd: join(REPOSITORY, dirname(path)) }).flatMap((file) => {
      const code = readFileSync(join(REPOSITORY, dirname(path), file), "utf8");
      return [...code.matchAll(/ from "((?:@[^/"]+\/)?[a-z][^/":]*)(?:\/[^"]*)?"/g)].map(([, name = ""]) => name);
    });
    const named = new Set([...Object.keys(dependencies), ...Object.keys(devDependencies)]);
    expect([path, imported.filter((name) => !named.has(name))]).toEqual([path, []]);
  }
});

test("nothing can be published as it lies in the repository, in TypeScript", () => {
  expect(workspaces.filter(({ manifest }) => manifest.private !== true).map(({ folder }) => folder)).toEqual([]);
  expect(published.sort()).toEqual(Object.keys(BUDGETS).sort());
});

describe.each(published)("%s", (name) => {
  test("contains what its list says, within its size", () => {
    const paths = filesIn(find(name).folder);
    const path = join(REPOSITORY, "scripts/test/golden", `pack-${find(name).short}.txt`);
    const list = contentList(paths);
    if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(path)) writeFileSync(path, list);
    expect(list, "npm run golden:update, and look at what has changed").toBe(readFileSync(path, "utf8"));
    expect(bytesIn(find(name).folder)).toBeLessThan(BUDGETS[name]?.unpacked ?? 0);
  });

  test("names nothing that its users cannot have", () => {
    const { folder } = find(name);
    const allowed = new Set([...Object.keys(manifestOf(find(name)).dependencies ?? {}), name]);
    for (const path of filesIn(folder).filter((each) => /\.(js|d\.ts)$/.test(each) && !each.includes("/portal/"))) {
      const code = readFileSync(join(folder, path), "utf8");
      const imported = [...code.matchAll(/^(?:import|export)[^"\n]* from "([^"]+)";$/gm)].map(([, specifier = ""]) => specifier);
      expect(imported.filter((specifier) => specifier.endsWith(".ts"))).toEqual([]);
      const own = imported.flatMap((specifier) => /^@genhook\/[^/]+/.exec(specifier) ?? []);
      expect(own.filter((each) => !allowed.has(each))).toEqual([]);
    }
    for (const version of Object.values(manifestOf(find(name)).dependencies ?? {})) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test("can be imported, by each of its entries", async () => {
    const { exports = {} } = manifestOf(find(name)) as {
      readonly exports?: Readonly<Record<string, string | { readonly default: string }>>;
    };
    for (const [entry, target] of Object.entries(exports)) {
      const path = join(find(name).folder, typeof target === "string" ? target : target.default);
      if (path.endsWith(".json")) expect(JSON.parse(readFileSync(path, "utf8"))).toBeTypeOf("object");
      else expect([entry, await import(/* @vite-ignore */ pathToFileURL(path).href)]).toEqual([entry, expect.any(Object)]);
    }
  });
});

describe("the packed command", () => {
  const bin = (): string => join(find("genhook").folder, "dist/cli/bin.js");

  test("serves, its portal too, and stops", { timeout: 60_000 }, async () => {
    const data = join(folder, "data");
    const env = { PATH: process.env["PATH"], GENHOOK_PLATFORM_KEY: "packed-platform-key-with-32-characters" };
    const child = spawn(process.execPath, [bin(), "serve", "--port", "0", "--data", data], { env, stdio: ["ignore", "pipe", "inherit"] });
    let origin: string | undefined;
    for await (const chunk of child.stdout) {
      origin = /listening on (http:\S+)/.exec(String(chunk))?.[1];
      if (origin !== undefined) break;
    }
    const page = await (await fetch(`${origin}/`)).text();
    const script = /src="(\/[^"]+\.js)"/.exec(page)?.[1] ?? "";
    expect((await fetch(`${origin}${script}`)).headers.get("content-type")).toContain("javascript");
    expect((await fetch(`${origin}/docs`)).status).toBe(200);
    const publish = spawnSync(process.execPath, [bin(), "shops", "create", "--domain", "my-shop", "--json"], {
      env: { ...env, GENHOOK_URL: String(origin) },
      encoding: "utf8",
    });
    expect(publish.stderr).toBe("");
    expect(publish.stdout).toContain("my-shop.genmystore.com");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test("says which Node it needs where that is older", () => {
    const old = `Object.defineProperty(process.versions, "node", { value: "22.12.0" }); await import(${JSON.stringify(pathToFileURL(bin()).href)});`;
    const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", old], { encoding: "utf8" });
    expect([status, stderr]).toEqual([1, "genhook needs Node 24 or newer; this is 22.12.0.\n"]);
  });
});
