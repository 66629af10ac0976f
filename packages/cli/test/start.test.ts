import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { assembleProgram } from "../src/assemble-program.ts";
import { makeProgram } from "../src/whole-program.ts";
import { keepingTerminal } from "./harness.ts";

const BIN = fileURLToPath(new URL("../src/bin.js", import.meta.url));
/** Says at the end which modules were loaded. */
const HOOKS = `import { registerHooks } from "node:module";
const urls = [];
registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
process.on("exit", () => process.stderr.write(urls.join("\\n")));`;

function modulesOf(args: readonly string[]): readonly string[] {
  const { stderr } = spawnSync(process.execPath, [`--import=data:text/javascript,${encodeURIComponent(HOOKS)}`, BIN, ...args], {
    encoding: "utf8",
    env: { PATH: process.env["PATH"], GENHOOK_URL: "http://127.0.0.1:1", GENHOOK_PLATFORM_KEY: "k" },
  });
  return stderr.split("\n").filter((line) => /^(file|node):/.test(line));
}

test.each([["--version"], ["--help"], ["tail --help"], ["replay dlv_1"], ["demo --help"]])(
  "genhook %s starts without what knows the APIs' schemas, which takes three times as long",
  (command) => {
    const modules = modulesOf(command.split(" "));
    expect(modules.filter((url) => url.endsWith("/bin.js"))).toHaveLength(1);
    expect(modules.filter((url) => url.includes("/typebox/"))).toEqual([]);
    expect(modules.length).toBeLessThan(120);
  },
);

test("once compiled code is kept, no start loads what strips types, which takes 15 MB", () => {
  const said = 'process.on("exit", () => process.stderr.write(process.moduleLoadList.filter((name) => name.includes("amaro")).join()))';
  const start = (bin: string): string =>
    spawnSync(process.execPath, [`--import=data:text/javascript,${encodeURIComponent(said)}`, bin, "--version"], { encoding: "utf8" })
      .stderr;
  start(BIN);
  expect(start(BIN)).toBe("");
  expect(start(fileURLToPath(new URL("../src/exit-codes.ts", import.meta.url)))).toContain("amaro");
});

test("the commands that are only named are the ones that there are, as the help lists them", () => {
  const { terminal } = keepingTerminal();
  const [named, whole] = [assembleProgram(terminal, null), makeProgram(terminal)];
  expect(named.helpInformation()).toBe(whole.helpInformation());
});
