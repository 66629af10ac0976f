// `npm run pack:check`: packs what is published, looks at the packages as strangers would, and runs them on a machine that has nothing but Node
// and npm; with `-- --next`, the Next.js example with Next itself as well. Needs the registry: it installs what the packages depend on, and the two linters, which are no dependency of the checkout.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BareMachine } from "./pack/bare-machine.ts";
import { BUDGETS, bytesIn, filesIn, INSTALLED_BYTES_MAX } from "./pack/contents.ts";
import { CONSUMER, CONSUMER_MODULES } from "./pack/consumer.ts";
import { tryNext } from "./pack/next-app.ts";
import { stagePackages, type StagedPackage } from "./pack/stage.ts";
import { packFolder } from "./pack/tarball.ts";

const PUBLINT = "publint@0.3.25";
const ATTW = "@arethetypeswrong/cli@0.18.5";
const TYPESCRIPT = "typescript@5.9.3";
const NODE_TYPES = "@types/node@24.19.2";

interface Packed extends StagedPackage {
  readonly tarball: string;
}

const { values: flags } = parseArgs({ options: { next: { type: "boolean", default: false } } });
const folder = mkdtempSync(join(tmpdir(), "genhook-pack-check-"));
const machine = new BareMachine(join(folder, "machine"));

async function step(name: string, work: () => string | Promise<string>): Promise<void> {
  const startedAt = performance.now();
  const found = await work();
  console.log(`ok  ${name}${found === "" ? "" : `: ${found}`} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)`);
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

function pack(): readonly Packed[] {
  const tarballs = join(folder, "tarballs");
  mkdirSync(tarballs);
  return stagePackages(join(folder, "staged")).map((each) => {
    const { filename, size, files } = packFolder(each.folder, tarballs);
    const listed = files.map(({ path }) => path).sort();
    check(listed.join() === filesIn(each.folder).join(), `npm pack leaves out files of ${each.name}, or adds some`);
    const most = BUDGETS[each.name]?.packed ?? 0;
    check(size <= most, `${each.name} has ${size} bytes; ${most} are allowed`);
    console.log(`    ${each.name} ${(size / 1_000).toFixed(0)} kB of at most ${most / 1_000} kB, ${files.length} files`);
    return { ...each, tarball: join(tarballs, filename) };
  });
}

/** Both linters read the tarballs alone; attw only what has types to look at. */
function lint(packed: readonly Packed[]): string {
  const project = machine.project("lint");
  for (const { tarball, short } of packed) {
    machine.run(project, "npx", "--yes", PUBLINT, "run", tarball, "--strict");
    if (short !== "cli") machine.run(project, "npx", "--yes", ATTW, tarball, "--profile", "esm-only");
  }
  return `${packed.length} packages`;
}

/** A program of a user's own, checked with both ways of finding modules, declarations included, then run. */
function consume(packed: readonly Packed[]): string {
  const project = machine.project("consumer");
  const tarballs = packed.filter(({ short }) => short !== "cli").map(({ tarball }) => tarball);
  machine.run(project, "npm", "install", ...tarballs, TYPESCRIPT, NODE_TYPES);
  writeFileSync(join(project, "program.ts"), CONSUMER);
  const common = { strict: true, noEmit: true, exactOptionalPropertyTypes: true, skipLibCheck: false, target: "es2022", types: ["node"] };
  for (const [name, more] of Object.entries(CONSUMER_MODULES)) {
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions: { ...common, ...more }, files: ["program.ts"] }));
    try {
      machine.run(project, "npx", "tsc", "-p", ".");
    } catch (error) {
      throw new Error(`with ${name}: ${String(error)}`, { cause: error });
    }
  }
  return machine.run(project, "node", "program.ts").trim();
}

/** `npx genhook` as somebody has it who has only heard of it. */
async function runCommand({ tarball }: Packed): Promise<string> {
  const nowhere = machine.project("nowhere");
  const version = machine.run(nowhere, "npx", "--yes", "--package", tarball, "genhook", "--version").trim();
  const project = machine.project("platform");
  machine.run(project, "npm", "install", tarball);
  const bytes = bytesIn(join(project, "node_modules"));
  check(bytes <= INSTALLED_BYTES_MAX, `installed it has ${bytes} bytes; ${INSTALLED_BYTES_MAX} are allowed`);
  const server = await machine.start(project, /listening on (http:\S+)/, "npx", "genhook", "serve", "--port", "0");
  const origin = server.match[1] ?? "";
  check((await fetch(`${origin}/readyz`)).ok, "the server is not ready");
  check((await (await fetch(origin)).text()).includes('<script type="module"'), "the portal is not there");
  machine.run(project, "npx", "genhook", "shops", "create", "--domain", "my-shop");
  const published = machine.run(project, "npx", "genhook", "trigger", "orders/create", "--shop", "my-shop", "--json");
  check(published.includes('"id"'), `nothing was published: ${published}`);
  const said = await server.stop();
  check(!/error|\n {4}at /i.test(said), `the server said:\n${said}`);
  const found = machine.run(project, "npx", "genhook", "check");
  check(found.includes("in order"), found);
  return `version ${version}, ${(bytes / 1_000_000).toFixed(0)} MB installed`;
}

async function runDemo(): Promise<string> {
  const project = join(machine.folder, "platform");
  const demo = await machine.start(project, /([1-9][\d,]*) delivered and verified/, "npx", "genhook", "demo", "--port", "0");
  await demo.stop();
  return demo.match[0];
}

try {
  let packed: readonly Packed[] = [];
  await step("packed", () => {
    packed = pack();
    return "";
  });
  await step("publint and attw", () => lint(packed));
  await step("types and entries as a user has them", () => consume(packed));
  const command = packed.find(({ short }) => short === "cli");
  if (command === undefined) throw new Error("the command was not packed");
  await step("npx genhook serve", () => runCommand(command));
  await step("npx genhook demo", runDemo);
  const kit = packed.find(({ short }) => short === "receiver");
  if (flags.next && kit !== undefined) await step("the route handler in Next.js", () => tryNext(machine, kit.tarball));
} catch (error) {
  console.error(`FAILED  ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  machine.end();
  rmSync(folder, { recursive: true, force: true });
}
