import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const REPOSITORY: string = fileURLToPath(new URL("../..", import.meta.url));

/** The members of a package.json that packing looks at. */
export interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly license?: string;
  readonly keywords?: readonly string[];
  readonly sideEffects?: boolean;
  readonly exports?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: object;
  readonly engines?: Readonly<Record<string, string>>;
  readonly publishConfig?: object;
}

/** One package of the repository. */
export interface Workspace {
  /** `packages/cli`. */
  readonly folder: string;
  /** `cli`: names its folder in a package that carries it along. */
  readonly short: string;
  readonly manifest: PackageJson;
}

/** By name. */
export function readWorkspaces(): ReadonlyMap<string, Workspace> {
  const folders = globSync("packages/*/package.json", { cwd: REPOSITORY }).map(dirname).sort();
  return new Map(
    folders.map((folder) => {
      const manifest = JSON.parse(readFileSync(join(REPOSITORY, folder, "package.json"), "utf8")) as PackageJson;
      return [manifest.name, { folder, short: folder.slice("packages/".length), manifest }];
    }),
  );
}

/** Those that go to the registry say how (`publishConfig`). All are `private`, so that none is published as it lies here, in TypeScript. */
export function isPublished({ manifest }: Workspace): boolean {
  return manifest.publishConfig !== undefined;
}
