import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { builtFolder } from "../../packages/dashboard/build/source-stamp.ts";
import { compile } from "./compile.ts";
import { brokenImports, PackageGraph, type Graph } from "./module-graph.ts";
import { isPublished, readWorkspaces, REPOSITORY, type PackageJson, type Workspace } from "./workspaces.ts";

export interface StagedPackage {
  readonly name: string;
  readonly short: string;
  /** The folder that `npm pack` makes the package from. */
  readonly folder: string;
}

/** Where the code lives, as `https://…` without an end; only a release knows it. */
const ADDRESS: string | undefined = process.env["GENHOOK_REPOSITORY"];

/** Lays every published package out as it is published: JavaScript, declarations, and a package.json that leads to them. */
export function stagePackages(into: string): readonly StagedPackage[] {
  const workspaces = readWorkspaces();
  const published = [...workspaces.values()].filter(isPublished);
  const compiled = compile([...workspaces.values()].map(({ folder }) => folder).filter((folder) => folder !== "packages/testkit"));
  const staged = published.map((workspace) => {
    const graph = new PackageGraph(workspace, workspaces, compiled);
    const broken = brokenImports(graph.files);
    if (broken.length > 0) throw new Error(`${workspace.manifest.name} has imports that lead nowhere:\n${broken.join("\n")}`);
    const folder = join(into, workspace.short);
    writeAll(graph, workspace, folder);
    return { name: workspace.manifest.name, short: workspace.short, folder };
  });
  rmSync(compiled, { recursive: true });
  return staged;
}

function writeAll(graph: Graph, workspace: Workspace, folder: string): void {
  const { manifest } = workspace;
  for (const [path, content] of graph.files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(publishedManifest(graph, workspace), null, 2)}\n`);
  writeFileSync(join(folder, "README.md"), publishedReadme(workspace));
  cpSync(join(REPOSITORY, "LICENSE"), join(folder, "LICENSE"));
  for (const entry of Object.values(manifest.bin ?? {}))
    chmodSync(join(folder, graph.targetOf(posix.join(workspace.folder, entry))), 0o755);
  if (graph.files.has("dist/dashboard/portal-build.js")) {
    cpSync(builtPortal(), join(folder, "dist/dashboard/portal"), { recursive: true });
    // The portal's files contain other people's code, whose licences ask to be named.
    cpSync(join(REPOSITORY, "docs/third-party.md"), join(folder, "THIRD-PARTY.md"));
  }
}

function publishedManifest(graph: Graph, { folder, manifest }: Workspace): object {
  const { name, version, description, license, keywords, sideEffects, engines, peerDependencies, peerDependenciesMeta } = manifest;
  const pathOf = (entry: string): string => `./${graph.targetOf(posix.join(folder, entry))}`;
  const mapped = (entry: string): unknown => {
    const path = pathOf(entry);
    return path.endsWith(".js") ? { types: path.replace(/\.js$/, ".d.ts"), default: path } : path;
  };
  const { bin } = manifest;
  const exported = bin === undefined ? Object.entries(manifest.exports ?? {}).map(([entry, path]) => [entry, mapped(path)]) : [];
  const dependencies = Object.fromEntries([...graph.dependencies].sort(([a], [b]) => (a < b ? -1 : 1)));
  const repository = ADDRESS === undefined ? undefined : { type: "git", url: `git+${ADDRESS}.git`, directory: folder };
  return {
    name,
    version,
    description,
    keywords,
    license,
    repository,
    type: "module",
    sideEffects,
    exports: { ...Object.fromEntries(exported), "./package.json": "./package.json" },
    ...(bin === undefined ? {} : { bin: Object.fromEntries(Object.entries(bin).map(([command, entry]) => [command, pathOf(entry)])) }),
    dependencies,
    peerDependencies,
    peerDependenciesMeta,
    engines,
    publishConfig: { access: "public" },
  } satisfies Partial<Record<keyof PackageJson | "type" | "repository", unknown>>;
}

/** Links into the repository lead to the released version of it; where that has no address, they are words. */
function publishedReadme({ folder, manifest }: Workspace): string {
  const readme = readFileSync(join(REPOSITORY, folder, "README.md"), "utf8");
  return readme.replaceAll(/\[([^\]]+)\]\((\.\.?\/[^)]+)\)/g, (_, text: string, path: string) =>
    ADDRESS === undefined ? text : `[${text}](${ADDRESS}/blob/v${manifest.version}/${posix.join(folder, path)})`,
  );
}

function builtPortal(): string {
  const built = spawnSync(process.execPath, [join(REPOSITORY, "packages/dashboard/build/build-portal.ts")], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(`The portal could not be built:\n${built.stderr}`);
  return builtFolder();
}
