import { readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { isBuiltin } from "node:module";
import { isPublished, REPOSITORY, type Workspace } from "./workspaces.ts";

/** What goes into a package: path in it → content. */
export type Files = Map<string, string | Buffer>;

export interface Graph {
  readonly files: Files;
  /** What its code imports from the registry: name → exact version. */
  readonly dependencies: ReadonlyMap<string, string>;
  /** The path in the package of a source of the repository, such as `packages/cli/src/program.ts`. */
  targetOf(source: string): string;
}

/** Every way in which emitted code names another file. A match in a comment is rewritten along; one that leads nowhere ends the packing. */
const IMPORT = /(\bfrom\s*|\bimport\s*\(\s*|^import\s*|\bdeclare module\s*)"([^"\n]+)"/gm;
const BESIDE = /new URL\("([^"\n]+)",\s*import\.meta\.url\)/g;

/**
 * Follows a package's code from its entries. What belongs to private packages is carried along in a folder of its own, so that nothing is published
 * that is nobody's business; imports are rewritten to lead there.
 */
export class PackageGraph implements Graph {
  readonly files: Files = new Map();
  readonly dependencies: Map<string, string> = new Map();
  readonly #owner: Workspace;
  readonly #workspaces: ReadonlyMap<string, Workspace>;
  readonly #compiled: string;
  /** A package without an API needs no declarations, and carries along even what is published on its own: nobody sees its classes. */
  readonly #hasApi: boolean;

  constructor(owner: Workspace, workspaces: ReadonlyMap<string, Workspace>, compiled: string) {
    this.#owner = owner;
    this.#workspaces = workspaces;
    this.#compiled = compiled;
    this.#hasApi = owner.manifest.bin === undefined;
    const entries = this.#hasApi ? Object.values(owner.manifest.exports ?? {}) : Object.values(owner.manifest.bin ?? {});
    for (const entry of entries) this.#add(posix.join(owner.folder, entry));
  }

  targetOf(source: string): string {
    if (source.endsWith("/package.json")) return "package.json";
    const [, short = "", folder = "", ...rest] = source.split("/");
    // Files beside the code (test vectors) lie where they do in the repository.
    if (folder !== "src" && !source.endsWith(".ts")) return source.slice(this.#owner.folder.length + 1);
    const path = rest.join("/").replace(/\.ts$/, ".js");
    const isOwn = this.#hasApi && short === this.#owner.short;
    if (isOwn && [...this.#workspaces.values()].some((other) => path.startsWith(`${other.short}/`)))
      throw new Error(`${source} would lie where a package that is carried along does: rename its folder`);
    return isOwn ? `dist/${path}` : `dist/${short}/${path}`;
  }

  #add(source: string): void {
    const target = this.targetOf(source);
    if (target === "package.json" || this.files.has(target)) return;
    if (!source.endsWith(".ts")) {
      const content = readFileSync(join(REPOSITORY, source));
      // The command's entry is JavaScript as it stands, and imports what is not.
      this.files.set(target, source.endsWith(".js") ? this.#rewrite(content.toString(), source, target) : content);
      return;
    }
    const emitted = source.slice("packages/".length).replace(/\.ts$/, "");
    const code = this.#read(`${emitted}.js`);
    // Set before its imports are followed: modules may import each other's types.
    this.files.set(target, code);
    this.files.set(target, this.#rewrite(code, source, target));
    if (this.#hasApi) {
      const declarations = target.replace(/\.js$/, ".d.ts");
      this.files.set(declarations, this.#rewrite(this.#read(`${emitted}.d.ts`), source, target));
    }
  }

  #read(path: string): string {
    return readFileSync(join(this.#compiled, path), "utf8");
  }

  #rewrite(code: string, source: string, target: string): string {
    return code
      .replaceAll(IMPORT, (_, before: string, specifier: string) => `${before}"${this.#imported(specifier, source, target)}"`)
      .replaceAll(BESIDE, (_, path: string) => {
        const beside = posix.join(posix.dirname(source), path);
        this.#add(beside);
        return `new URL("${relativeTo(target, this.targetOf(beside))}", import.meta.url)`;
      });
  }

  /** What an import has to say in the package. */
  #imported(specifier: string, source: string, target: string): string {
    if (specifier.startsWith(".")) {
      const imported = posix.join(posix.dirname(source), specifier).replace(/\.js$/, ".ts");
      this.#add(imported);
      return relativeTo(target, this.targetOf(imported));
    }
    if (isBuiltin(specifier)) return specifier;
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
    const workspace = this.#workspaces.get(name);
    if (workspace === undefined) return this.#foreign(name, specifier, source);
    if (workspace === this.#owner) return specifier;
    if (this.#hasApi && isPublished(workspace)) {
      this.dependencies.set(name, workspace.manifest.version);
      return specifier;
    }
    const entry = workspace.manifest.exports?.[`.${specifier.slice(name.length)}`];
    if (entry === undefined) throw new Error(`${source} imports ${specifier}, which ${name} does not export`);
    const imported = posix.join(workspace.folder, entry);
    this.#add(imported);
    return relativeTo(target, this.targetOf(imported));
  }

  #foreign(name: string, specifier: string, source: string): string {
    const { manifest } = [...this.#workspaces.values()].find(({ folder }) => source.startsWith(`${folder}/`)) ?? this.#owner;
    if (this.#owner.manifest.peerDependencies?.[name] !== undefined) return specifier;
    const version = manifest.dependencies?.[name];
    if (version === undefined) throw new Error(`${source} imports ${specifier}, which ${manifest.name} does not depend on`);
    const other = this.dependencies.get(name);
    if (other !== undefined && other !== version) throw new Error(`${name} is wanted as ${other} and as ${version}`);
    this.dependencies.set(name, version);
    return specifier;
  }
}

function relativeTo(from: string, to: string): string {
  const path = relative(dirname(from), to).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}

/** Imports of staged files that lead to no staged file. */
export function brokenImports(files: Files): readonly string[] {
  const broken: string[] = [];
  for (const [path, content] of files) {
    if (!/\.(js|d\.ts)$/.test(path) || typeof content !== "string") continue;
    for (const [, , specifier = ""] of content.matchAll(IMPORT)) {
      if (!specifier.startsWith(".")) continue;
      const imported = posix.join(posix.dirname(path), specifier);
      if (!files.has(imported) && !files.has(imported.replace(/\.js$/, ".d.ts"))) broken.push(`${path} → ${specifier}`);
    }
  }
  return broken;
}
