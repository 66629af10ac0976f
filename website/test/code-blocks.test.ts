import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile, ROUTES, TOPIC_BY_NAME } from "@genhook/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blocksOf, type Block } from "../src/read-markdown.ts";
import { markdownFiles, readPage, REPOSITORY } from "../src/repository.ts";
import { shellCommands } from "../src/shell-words.ts";
import { unknownVariable, whyNotRunnable } from "./commands.ts";

interface PageBlock extends Block {
  readonly place: string;
  readonly index: number;
}

const FILES = markdownFiles().filter((file) => !file.startsWith("docs/adr/"));
const BLOCKS: readonly PageBlock[] = FILES.flatMap((file) =>
  blocksOf(readPage(file)).map((block, index) => ({ ...block, place: `${file}:${block.line}`, index })),
);
const inLanguage = (language: string): readonly PageBlock[] => BLOCKS.filter((block) => block.language === language);

test("every block says what it is, and is looked at for it", () => {
  // `txt` is what is drawn or printed; the grammar and the filters are tried in packages/core/test/filter/docs.test.ts.
  const known = new Set(["ts", "sh", "json", "txt", "filter", "ebnf", "http", "python", "sql", "yaml", "ini"]);
  expect(BLOCKS.filter(({ language }) => !known.has(language)).map(({ place, language }) => `${place} ${language}`)).toEqual([]);
});

describe("TypeScript", () => {
  const folder = mkdtempSync(join(REPOSITORY, "website/.docs-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const blocks = inLanguage("ts");
  const nameOf = ({ place }: PageBlock): string => `${place.replaceAll(/[^A-Za-z0-9]/g, "-")}.ts`;
  beforeAll(() => {
    // As an app without the DOM's types would be checked.
    const compilerOptions = {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: "es2022",
      lib: ["es2023"],
      types: ["node"],
      module: "nodenext",
      moduleDetection: "force",
      allowImportingTsExtensions: true,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
    for (const block of blocks) writeFileSync(join(folder, nameOf(block)), block.code);
  });

  test("every block passes the type checker", { timeout: 60_000 }, () => {
    expect(blocks.length).toBeGreaterThan(20);
    const { stdout, status } = spawnSync("tsc", ["-p", folder], { encoding: "utf8" });
    expect(stdout).toBe("");
    expect(status).toBe(0);
  });
});

describe("JSON", () => {
  test("every block is JSON; one that is named as a call's body or answer, or as a topic's payload, fits its schema", () => {
    const wrong = inLanguage("json").flatMap(({ code, words, place }) => {
      try {
        const problem = problemOf(words, JSON.parse(code));
        return problem === null ? [] : [`${place} ${problem}`];
      } catch (error) {
        return [`${place} ${String(error)}`];
      }
    });
    expect(wrong).toEqual([]);
  });

  function problemOf([subject, what]: readonly string[], value: unknown): string | null {
    if (subject === undefined) return null;
    const route = ROUTES.find(({ operation }) => operation === subject);
    const schema =
      what === "body" ? route?.body : what === "answer" ? route?.answer : TOPIC_BY_NAME.get(subject)?.versions["202412"].schema;
    if (schema === undefined) return `there is no ${what} of ${subject}`;
    return compile(schema, what)(value)?.message ?? null;
  }
});

test("what is wrong in a command is noticed", async () => {
  const noticed = async (line: string): Promise<string | null> => whyNotRunnable(shellCommands(line)[0]?.words ?? []);
  expect(await noticed("genhook shops create --domain my-shop")).toBeNull();
  expect(await noticed("npx genhook shops crate --domain my-shop")).toMatch(/unknown command/);
  expect(await noticed("genhook shops create --domian my-shop")).toMatch(/unknown option/);
  expect(await noticed("genhook serve --prot 80")).toMatch(/unknown option/);
  expect(await noticed("genhok serve")).toMatch(/not known/);
  expect(await noticed("npm run nothing")).toMatch(/no script/);
  expect(await noticed("node e2e/src/nothing.ts 3")).toMatch(/there is no e2e/);
  expect(await noticed("npx vitest run packages/nothing.test.ts")).toMatch(/there is no packages/);
  expect(await noticed("curl -X POST http://127.0.0.1:8080/platform/v1/shop -d '{}'")).toMatch(/there is no POST/);
  expect(await noticed(`curl …/platform/v1/holds -d '{"scope":"host"}'`)).toMatch(/required/);
  expect(await noticed("curl -X DELETE …/platform/v1/holds/{id}")).toBeNull();
});

describe("commands", () => {
  const commands = inLanguage("sh").flatMap(({ code, place }) => shellCommands(code).map((command) => ({ ...command, place })));

  test("each is one that there is, with options that it has", async () => {
    expect(commands.length).toBeGreaterThan(80);
    const wrong: string[] = [];
    for (const { words, variables, place } of commands) {
      const problem = (await whyNotRunnable(words)) ?? unknownVariable(variables);
      if (problem !== null) wrong.push(`${place} ${words.slice(0, 4).join(" ")}: ${problem}`);
    }
    expect(wrong).toEqual([]);
  });
});
