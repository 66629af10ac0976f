import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { whyMissing } from "@genhook/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "./harness.ts";

let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "genhook-completion-"));
  for (const shell of ["bash", "zsh", "fish"]) writeFileSync(join(folder, shell), (await runCommand(["completion", shell])).out);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Shell = "bash" | "zsh" | "fish";

/** What a shell offers behind these words; the last one is the one under the cursor. Options only where one is begun. */
function offered(shell: Shell, words: readonly string[]): readonly string[] {
  const found = ASK[shell](words);
  const isOption = words.at(-1)?.startsWith("--") === true;
  return found.filter((word) => word !== "--help" && word.startsWith("--") === isOption).toSorted();
}

/** Each shell is asked as a Tab asks it. */
const ASK: Readonly<Record<Shell, (words: readonly string[]) => readonly string[]>> = {
  bash: (words) => {
    const ask = 'source "$0"; COMP_WORDS=(genhook "$@"); COMP_CWORD=$#; COMPREPLY=(); _genhook; printf "%s\\n" "${COMPREPLY[@]}"';
    return linesOf("bash", ["-c", ask, join(folder, "bash"), ...words]);
  },
  fish: (words) =>
    linesOf("fish", ["--no-config", "-c", "source $argv[1]; complete -C $argv[2]", join(folder, "fish"), lineOf(words)]).map((line) =>
      line.replace(/\t.*/, ""),
    ),
  // Completion of zsh lives in its line editor, which wants a terminal: the script gives it one, and reads what is listed there.
  zsh: (words) =>
    linesOf("zsh", ["-f", ZSH_AT_TERMINAL, join(folder, "zsh"), lineOf(words)])
      .filter((line) => !line.includes("genhook "))
      .flatMap((line) => (line.includes(" -- ") ? [line.replace(/ .*/, "")] : line.trim().split(/ +/))),
};
const ZSH_AT_TERMINAL = fileURLToPath(new URL("zsh-at-terminal.zsh", import.meta.url));
const lineOf = (words: readonly string[]): string => ["genhook", ...words].join(" ");

function linesOf(command: string, args: readonly string[]): readonly string[] {
  const output = execFileSync(command, args, { encoding: "utf8", env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder } });
  return output.split("\n").filter((line) => line !== "");
}

const CASES: readonly (readonly [readonly string[], readonly string[]])[] = [
  [["del"], ["deliveries"]],
  [
    ["deliveries", ""],
    ["get", "list", "payload", "replay", "skip"],
  ],
  [["deliveries", "list", "--st"], ["--state"]],
  [
    ["deliveries", "list", "--state", ""],
    ["cancelled", "dead", "delivered", "pending"],
  ],
  [["deliveries", "list", "--shop", "x", "--topic", "refunds/"], ["refunds/create"]],
  [["deliveries", "list", "--shop", ""], []],
  [
    ["trigger", "shop/"],
    ["shop/redact", "shop/update"],
  ],
  [
    ["profiles", ""],
    ["list", "use"],
  ],
  [["completion", "f"], ["fish"]],
  [["nonsense", "deli"], ["deliveries"]],
];

describe.each((["bash", "zsh", "fish"] as const).map((shell) => [shell, whyMissing(shell)] as const))("%s", (shell, missing) => {
  test.skipIf(missing !== null).each(CASES)(`offers behind genhook %j: %j${missing === null ? "" : ` (${missing})`}`, (words, expected) => {
    expect(offered(shell, words)).toEqual(expected);
  });
});

test("a shell that is not known is said to be so", async () => {
  expect(await runCommand(["completion", "tcsh"])).toMatchObject({ exit: 2, error: expect.stringContaining("bash, zsh, fish") as string });
});
