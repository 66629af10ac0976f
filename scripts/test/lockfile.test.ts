import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Entry {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly deprecated?: string;
  readonly hasInstallScript?: true;
  readonly link?: true;
}

interface Manifest {
  readonly name: string;
  readonly allowScripts?: Readonly<Record<string, boolean>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Of what only builds and tests, so goes to nobody, also those that ask for changed files of their own to be shown. What is published: `third-party.test.ts`. */
const LICENSES = new Set([
  "MIT",
  "MIT-0",
  "ISC",
  "0BSD",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "Apache-2.0",
  "Unlicense",
  "CC0-1.0",
  "(MIT OR CC0-1.0)",
  "MPL-2.0",
]);

const read = (file: string): unknown => JSON.parse(readFileSync(root + file, "utf8"));
const { packages } = read("package-lock.json") as { readonly packages: Readonly<Record<string, Entry>> };
/** What others have made, development included. */
const foreign = Object.entries(packages).filter(([path, { link }]) => path.includes("node_modules/") && link !== true);
const nameOf = (path: string): string => path.split("node_modules/").at(-1) ?? "";
const pathsOf = (isWrong: (entry: Entry) => boolean): readonly string[] =>
  foreign.filter(([, entry]) => isWrong(entry)).map(([path]) => path);

test("every package of the lockfile is known by its checksum, and comes from a registry", () => {
  expect(foreign.length).toBeGreaterThan(100);
  expect(pathsOf(({ integrity }) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ""))).toEqual([]);
  expect(pathsOf(({ resolved }) => resolved !== undefined && !resolved.startsWith("https://registry.npmjs.org/"))).toEqual([]);
});

test("no package is one that its makers have given up", () => {
  expect(pathsOf(({ deprecated }) => deprecated !== undefined)).toEqual([]);
});

test("every package has a licence that is known to fit", () => {
  expect(foreign.filter(([, { license }]) => !LICENSES.has(license ?? "")).map(([path, { license }]) => `${path}: ${license}`)).toEqual([]);
});

test("a package that runs something at its installation has been decided on", () => {
  const decided = new Set(Object.keys((read("package.json") as Manifest).allowScripts ?? {}));
  const running = new Set(pathsOf(({ hasInstallScript }) => hasInstallScript === true).map(nameOf));
  expect([...running].filter((name) => !decided.has(name))).toEqual([]);
  expect(
    [...decided].filter((name) => !running.has(name)),
    "allowed, and runs nothing",
  ).toEqual([]);
});

test("what our packages need is pinned to one version", () => {
  const loose = [
    "package.json",
    ...globSync(["packages/*/package.json", "bench/package.json", "website/package.json"], { cwd: root }),
  ].flatMap((file) => {
    const { name, dependencies, devDependencies } = read(file) as Manifest;
    const needed = Object.entries({ ...dependencies, ...devDependencies });
    // Workspaces of our own are always the ones beside; Node itself is to be the newest of its line.
    return needed
      .filter(
        ([each, version]) => !/^\d+\.\d+\.\d+/.test(version) && !(each.startsWith("@genhook/") || each === "genhook") && each !== "node",
      )
      .map(([each, version]) => `${name}: ${each} ${version}`);
  });
  expect(loose).toEqual([]);
});
