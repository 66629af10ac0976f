// Everything of others that an installation of Genhook contains, by the lockfile: what the published packages depend on, and what is bundled into the
// portal. `node scripts/third-party.ts` prints docs/third-party.md; a licence that is not on the list ends it with an error.
import { readFileSync } from "node:fs";
import { isPublished, readWorkspaces, type Workspace } from "./pack/workspaces.ts";

/** What the portal's build puts into its files; in its package.json these are needed for the build alone. */
export const BUNDLED: readonly string[] = ["@mantine/core", "@mantine/hooks", "@tanstack/react-query", "react", "react-dom", "wouter"];
/** Licences that fit Apache-2.0 without conditions on what is distributed beyond keeping the notice. */
const ALLOWED = new Set(["MIT", "MIT-0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "Unlicense", "CC0-1.0"]);

interface LockEntry {
  readonly version?: string;
  readonly license?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Found {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** Of the package's file, as the lockfile has it. */
  readonly integrity: string;
  readonly by: Set<string>;
}

const LOCKFILE = new URL("../package-lock.json", import.meta.url);
const { packages } = JSON.parse(readFileSync(LOCKFILE, "utf8")) as { readonly packages: Readonly<Record<string, LockEntry>> };

/** The entry that a package at this path gets for this name: nested first, as Node looks. */
function resolve(from: string, name: string): string | null {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const path = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (packages[path] !== undefined) return path;
    if (at === "") return null;
  }
}

/** The published packages, and those of ours that they carry along: what they depend on comes along. */
function ownPackages(): ReadonlySet<Workspace> {
  const workspaces = readWorkspaces();
  const own = new Set([...workspaces.values()].filter(isPublished));
  for (const { manifest } of own) {
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const carried = workspaces.get(name);
      if (carried !== undefined) own.add(carried);
    }
  }
  return own;
}

/** Every package that is installed, or bundled, with the published ones: name and version → why it is there. */
function walk(): readonly Found[] {
  const found = new Map<string, Found>();
  const queue = [...ownPackages()].flatMap(({ folder, short }) => {
    const names = [...Object.keys(packages[folder]?.dependencies ?? {}), ...(short === "dashboard" ? BUNDLED : [])];
    return names.map((name) => ({ name, from: folder, by: short }));
  });
  for (const { name, from, by } of queue) {
    const path = resolve(from, name) ?? resolve("", name);
    const entry = path === null ? undefined : packages[path];
    if (entry === undefined || entry.link === true) continue;
    // The same version may be installed at several places.
    const ownName = path?.split("node_modules/").at(-1) ?? name;
    const version = entry.version ?? "?";
    const id = `${ownName}@${version}`;
    const known = found.get(id);
    if (known?.by.has(by) === true) continue;
    known?.by.add(by);
    if (known === undefined) {
      found.set(id, { name: ownName, version, license: entry.license ?? "?", integrity: entry.integrity ?? "", by: new Set([by]) });
    }
    const next = [...Object.keys(entry.dependencies ?? {}), ...Object.keys(entry.optionalDependencies ?? {})];
    queue.push(...next.map((each) => ({ name: each, from: path ?? "", by })));
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1));
}

/** The page, and what stands in the way of distributing it. */
export function thirdParty(): { readonly all: readonly Found[]; readonly page: string; readonly refused: readonly Found[] } {
  const all = walk();
  const refused = all.filter(
    ({ license }) =>
      !license
        .replaceAll(/[()]/g, "")
        .split(" OR ")
        .some((each) => ALLOWED.has(each)),
  );
  const counts = new Map<string, number>();
  for (const { license } of all) counts.set(license, (counts.get(license) ?? 0) + 1);
  const page = [
    "# Third-party software",
    "",
    "Made from the lockfile by `npm run golden:update`. What an installation of Genhook contains besides Genhook: dependencies of the published packages, and",
    `what is bundled into the portal (\`dashboard\`). ${all.length} packages: ${[...counts]
      .sort((a, b) => b[1] - a[1])
      .map(([license, count]) => `${count} ${license}`)
      .join(", ")}.`,
    "Tools that only build and test are not among them. `npm run sbom` prints a CycloneDX bill of materials.",
    "",
    "| package | version | licence | comes with |",
    "| --- | --- | --- | --- |",
    ...all.map(({ name, version, license, by }) => `| ${name} | ${version} | ${license} | ${[...by].sort().join(", ")} |`),
    "",
  ].join("\n");
  return { all, page, refused };
}

if (import.meta.main) {
  const { page, refused } = thirdParty();
  console.log(page);
  for (const { name, license } of refused) console.error(`${name} has the licence ${license}, which is not on the list`);
  process.exitCode = refused.length;
}
