import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "./harness.ts";

let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "genhook-completion-"));
  for (const shell of ["bash", "zsh", "fish"]) writeFileSync(join(folder, shell), (await runCommand(["completion", shell])).out);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What bash offers behind these words; the last one is the one under the cursor. */
function offered(...words: string[]): string[] {
  const ask = 'source "$0"; COMP_WORDS=(genhook "$@"); COMP_CWORD=$#; COMPREPLY=(); _genhook; printf "%s\\n" "${COMPREPLY[@]}"';
  const output = execFileSync("bash", ["-c", ask, join(folder, "bash"), ...words], { encoding: "utf8" });
  return output.split("\n").filter((line) => line !== "");
}

test.each([
  [["del"], ["deliveries"]],
  [
    ["deliveries", ""],
    ["list", "get", "replay", "skip", "payload"],
  ],
  [["deliveries", "list", "--st"], ["--state"]],
  [
    ["deliveries", "list", "--state", ""],
    ["pending", "delivered", "dead", "cancelled"],
  ],
  [["deliveries", "list", "--shop", "x", "--topic", "refunds/"], ["refunds/create"]],
  [["deliveries", "list", "--shop", ""], []],
  [
    ["trigger", "shop/"],
    ["shop/update", "shop/redact"],
  ],
  [
    ["profiles", ""],
    ["list", "use"],
  ],
  [["completion", "f"], ["fish"]],
  [["nonsense", "deli"], ["deliveries"]],
])("bash offers behind genhook %j: %j", (words, expected) => {
  const found = offered(...words).filter((word) => !word.startsWith("--") || words.at(-1)?.startsWith("--") === true);
  expect(found.filter((word) => word !== "--help")).toEqual(expected);
});

test.each([
  ["bash", ["-n"]],
  ["zsh", ["-n"]],
  ["fish", ["--no-execute"]],
])("the script for %s can be read by it", (shell, flags) => {
  const { status, error, stderr } = spawnSync(shell, [...flags, join(folder, shell)], { encoding: "utf8" });
  if (error !== undefined && "code" in error && error.code === "ENOENT") {
    console.log(`${shell} is not installed here: its script was not read`);
    expect(shell).not.toBe("bash");
  } else expect([status, stderr]).toEqual([0, ""]);
});

test("a shell that is not known is said to be so", async () => {
  expect(await runCommand(["completion", "tcsh"])).toMatchObject({ exit: 2, error: expect.stringContaining("bash, zsh, fish") as string });
});
