import { describe, expect, test } from "vitest";
import { blocksOf, headingsOf, linksOf, rewriteLinks, spansOf } from "../src/read-markdown.ts";
import { shellCommands } from "../src/shell-words.ts";

const PAGE = [
  "# One `two` [three](a.md)",
  "Text with `code [no](no.md)` and [over",
  "two lines](b.md#c) and ![picture](d.svg).",
  "   ```ts object",
  "   const a = `[no](no.md)`;",
  "   ```",
  "## Same",
  "```sh",
  "# no heading",
  "genhook serve",
  "```",
  "## Same",
  '<img src="e.png">',
  "",
].join("\n");

describe("a page is read as GitHub reads it", () => {
  test("headings have GitHub's anchors, repeated ones are numbered", () => {
    expect(headingsOf(PAGE).map(({ level, text, anchor }) => [level, text, anchor])).toEqual([
      [1, "One two three", "one-two-three"],
      [2, "Same", "same"],
      [2, "Same", "same-1"],
    ]);
    expect(headingsOf("## `genhook replay [id…]`, C#'s_way: 100 %")[0]?.anchor).toBe("genhook-replay-id-cs_way-100-");
  });

  test("links are found over lines and in HTML, not in code, and can be replaced in their place", () => {
    expect(linksOf(PAGE).map(({ target, line }) => [target, line])).toEqual([
      ["a.md", 1],
      ["b.md#c", 3],
      ["d.svg", 3],
      ["e.png", 13],
    ]);
    const rewritten = rewriteLinks(PAGE, (target) => `x/${target}`);
    expect(linksOf(rewritten).map(({ target }) => target)).toEqual(["x/a.md", "x/b.md#c", "x/d.svg", "x/e.png"]);
    expect(rewritten.replaceAll("x/", "")).toBe(PAGE);
  });

  test("blocks know their language, their words and their lines, and lose their indentation", () => {
    expect(blocksOf(PAGE)).toEqual([
      { language: "ts", words: ["object"], code: "const a = `[no](no.md)`;\n", line: 5 },
      { language: "sh", words: [], code: "# no heading\ngenhook serve\n", line: 9 },
    ]);
    expect(spansOf(PAGE).map(({ text }) => text)).toEqual(["two", "code [no](no.md)"]);
  });
});

test("commands are read as a shell reads them", () => {
  const code = [
    "A=1 B=\"$(openssl rand -base64 32)\" genhook serve --data './a b' # comment",
    "curl -X POST \\",
    "  'http://x/#y' -d '{\"a\":1}' | jq \".a\" > out && echo done 2>&1",
  ].join("\n");
  expect(shellCommands(code).map(({ variables, words, line }) => [variables.length, words, line])).toEqual([
    [2, ["genhook", "serve", "--data", "./a b"], 0],
    [0, ["curl", "-X", "POST", "http://x/#y", "-d", '{"a":1}'], 1],
    [0, ["jq", ".a"], 2],
    [0, ["echo", "done"], 2],
    [0, ["openssl", "rand", "-base64", "32"], 0],
  ]);
});
