import { existsSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { spansOf } from "../src/read-markdown.ts";
import { markdownFiles, readPage, REPOSITORY } from "../src/repository.ts";
import { shellCommands } from "../src/shell-words.ts";
import { isCall, VARIABLES, unknownScript } from "./commands.ts";
import { optionsOf, whyNoCommand } from "./genhook-command.ts";

// What pages name in the middle of a sentence goes stale without a sound: each kind of name is looked up where it comes from.

const FILES = markdownFiles().filter((file) => !file.startsWith("docs/adr/") && file !== "CHANGELOG.md");
const SPANS = FILES.flatMap((file) => spansOf(readPage(file)).map(({ text, line }) => ({ text, place: `${file}:${line}` })));
const spansLike = (form: RegExp): readonly { readonly text: string; readonly place: string }[] =>
  SPANS.filter(({ text }) => form.test(text));

/** Every file of the repository that somebody wrote, from its root. */
const REPOSITORY_FILES = filesBelow("");
const NAMES: ReadonlySet<string> = new Set(REPOSITORY_FILES.map((file) => posix.basename(file)));

function filesBelow(folder: string): readonly string[] {
  return readdirSync(join(REPOSITORY, folder), { withFileTypes: true })
    .filter(({ name }) => !["node_modules", "dist", "pages", ".git", ".cache"].includes(name) && !name.startsWith(".docs-"))
    .flatMap((entry) => (entry.isDirectory() ? filesBelow(posix.join(folder, entry.name)) : [posix.join(folder, entry.name)]));
}

/** What the benchmarks, the simulation and the programs in e2e/ take: each names its options in a table. */
function programOptions(): readonly string[] {
  const programs = REPOSITORY_FILES.filter((file) => /^(?:bench|e2e)\/src\/[^/]+\.ts$|\/simulate-main\.ts$/.test(file));
  return programs.flatMap((file) =>
    [...readPage(file).matchAll(/^ +"?([a-z-]+)"?: \{ type: "(?:string|boolean)"/gm)].map(([, name]) => `--${name}`),
  );
}

describe("what pages name is there", () => {
  test("commands", async () => {
    const named = spansLike(/^(?:npx )?genhook [a-z]/);
    expect(named.length).toBeGreaterThan(60);
    const wrong: string[] = [];
    for (const { text, place } of named) {
      const [command] = shellCommands(text.replaceAll("…", "").replaceAll("<", "\\<"));
      const words = (command?.words ?? []).slice(text.startsWith("npx") ? 2 : 1);
      if (words.some((word) => word.startsWith("<"))) words.splice(words.findIndex((word) => word.startsWith("<")));
      const problem = await whyNoCommand(words, true);
      if (problem !== null) wrong.push(`${place} ${text}: ${problem}`);
    }
    expect(wrong).toEqual([]);
  });

  test("scripts of npm", () => {
    const wrong = spansLike(/^npm (?:run )?[a-z]/).flatMap(({ text, place }) => {
      const problem = unknownScript(text.split(" ").slice(1));
      return problem === null ? [] : [`${place} ${text}: ${problem}`];
    });
    expect(wrong).toEqual([]);
  });

  test("options", () => {
    const options = new Set(optionsOf());
    // Node's own, and those of tools.
    for (const option of ["--max-semi-space-size", "--heap-growing-percent", "--no-memory-protection-keys", "--omit"]) options.add(option);
    for (const option of programOptions()) options.add(option);
    const wrong = spansLike(/^--[a-z]/).filter(({ text }) => !options.has(text.split(/[ =]/)[0] ?? ""));
    expect(wrong).toEqual([]);
  });

  test("variables", () => {
    const wrong = spansLike(/^GENHOOK_[A-Z_]+/).filter(
      ({ text }) => !VARIABLES.has(/^\w+/.exec(text)?.[0] ?? "") && !text.startsWith("GENHOOK_TEST_"),
    );
    expect(wrong).toEqual([]);
  });

  test("calls", () => {
    const named = spansLike(/^(?:GET|POST|PUT|PATCH|DELETE)(?: or \w+)? [/…]/);
    expect(named.length).toBeGreaterThan(60);
    // The demo's shop has these; they are compared with, and not ours.
    const elsewhere = /^docs\/polling-vs-webhooks\.md/;
    expect(named.filter(({ text, place }) => !elsewhere.test(place) && !isCall(text))).toEqual([]);
  });

  test("metrics", () => {
    // The outbox's tables are named like metrics.
    const source = [
      "packages/server/src/telemetry/metrics.ts",
      "packages/cli/src/intake/metrics-server.ts",
      "packages/outbox/src/tables.ts",
    ]
      .map((file) => readPage(file))
      .join("\n");
    const wrong = spansLike(/^genhook_[a-z_]+/).filter(({ text }) => !source.includes(`${/^\w+/.exec(text)?.[0] ?? ""}"`));
    expect(wrong).toEqual([]);
  });

  test("files", () => {
    const form = /^[\w.-][\w@.-]*(?:\/[\w@.-]+)*\.(?:ts|tsx|mjs|js|md|json|yaml|yml|svg|css)$/;
    const generated = /^(?:\w+\.json|topics\.ts|app\/webhooks\/route\.ts|genhook\/profiles\.json)$/;
    // Files of other projects, which it compares with.
    const elsewhere = /^docs\/comparison\.md/;
    const named = spansLike(form).filter(({ place }) => !elsewhere.test(place));
    expect(named.length).toBeGreaterThan(40);
    const wrong = named.filter(({ text, place }) => {
      const beside = posix.join(posix.dirname(place.split(":")[0] ?? ""), text);
      const isThere = [text, `packages/${text}`, beside].some((path) => existsSync(join(REPOSITORY, path)));
      return (
        !isThere &&
        !(text.includes("/") ? REPOSITORY_FILES.some((file) => file.endsWith(`/${text}`)) : NAMES.has(text)) &&
        !generated.test(text)
      );
    });
    expect(wrong).toEqual([]);
  });
});
