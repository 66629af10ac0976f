import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { ATTEMPT_ERRORS, BUILT_IN_TOPICS, ERRORS, EXAMPLES, ROUTES, TOPICS, type Topic } from "@genhook/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { curlOf } from "../../src/http/docs/curl.ts";
import { renderDocs } from "../../src/http/docs/docs-page.ts";
import { markup, prose } from "../../src/http/docs/markup.ts";
import { schemaRows, typeOf } from "../../src/http/docs/schema-rows.ts";
import { Harness } from "../harness.ts";

const ORIGIN = "http://127.0.0.1:8080";
const page = renderDocs({ version: "0.1.0", origin: ORIGIN, topics: TOPICS });

describe("the page", () => {
  test("has every call, topic, error code and attempt error, each once by its id", () => {
    const ids = [...page.content.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id ?? "");
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of ROUTES) expect(ids).toContain(`call-${operation}`);
    for (const { name } of TOPICS) expect(ids).toContain(`topic-${name.replace("/", "-")}`);
    for (const code of Object.keys(ERRORS)) expect(ids).toContain(`error-${code}`);
    for (const word of Object.keys(ATTEMPT_ERRORS)) expect(page.content).toContain(`<code>${word}</code>`);
  });

  test("leads nowhere that is not on it, and loads nothing", () => {
    const ids = new Set([...page.content.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...page.content.matchAll(/href="([^"]+)"/g)].map(([, href]) => href ?? "");
    expect(links.filter((href) => !(href.startsWith("#") && ids.has(href.slice(1))))).toEqual(["/openapi.json", "/asyncapi.json"]);
    expect(page.content).not.toMatch(/ src=|@import|url\(|<link|<iframe/);
  });

  test("may run its own script and style and nothing else", () => {
    const inline = (tag: string): string => new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page.content)?.[1] ?? "";
    const hash = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    expect(page.contentSecurityPolicy).toBe(
      `default-src 'none'; style-src ${hash(inline("style"))}; script-src ${hash(inline("script"))}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(page.content.match(/<script/g)).toHaveLength(1);
    expect(page.content).not.toMatch(/ (?:on\w+|style)=/);
  });

  test("writes down what an operator's topic says, whatever it says", () => {
    const hostile = '</script><script>alert("1")</script>';
    const topic: Topic = {
      ...(BUILT_IN_TOPICS.topics[0] as Topic),
      name: "loyalty/pointsEarned",
      domain: hostile,
      title: hostile,
      description: hostile,
      sample: { [hostile]: hostile },
    };
    const { content } = renderDocs({ version: hostile, origin: hostile, topics: [topic] });
    expect(content).not.toContain(hostile);
    expect(content.match(/<script/g)).toHaveLength(1);
    expect(content).toContain("&lt;/script&gt;&lt;script&gt;alert(&quot;1&quot;)");
  });
});

describe("its parts", () => {
  test("markup escapes text, takes markup as it is, joins lists", () => {
    expect(markup`<p title="${"\"&<>'"}">${[markup`<b>${1}</b>`, " & ", null]}</p>`.text).toBe(
      '<p title="&quot;&amp;&lt;&gt;&#39;"><b>1</b> &amp; </p>',
    );
    expect(prose("a `b<c` d").text).toBe("a <code>b&lt;c</code> d");
  });

  test("members of a schema: nested, in lists, in one of several forms, by reference, and never without end", () => {
    const schema = {
      type: "object",
      required: ["a"],
      properties: {
        a: {
          type: "array",
          items: {
            type: "object",
            required: ["b"],
            properties: { b: { anyOf: [{ type: "integer" }, { type: "string" }, { type: "null" }] } },
          },
        },
        c: { $ref: "#/$defs/c" },
        d: { enum: ["x", 1], description: "One of two." },
      },
      $defs: { c: { type: "object", properties: { again: { $ref: "#/$defs/c" }, "e/f": { const: true } } } },
    };
    const rows = schemaRows(schema).map(({ path, type, isRequired }) => [path, type, isRequired]);
    expect(rows.slice(0, 5)).toEqual([
      ["a", "list of object", true],
      ["a[].b", "whole number or text or null", true],
      ["c", "object", false],
      ["c.again", "object", false],
      ["c.again.again", "object", false],
    ]);
    expect(rows.length).toBeLessThan(50);
    expect(rows).toContainEqual(["c.e/f", "true", false]);
    expect(schemaRows(schema).find(({ path }) => path === "d")).toMatchObject({ type: '"x" or 1', description: "One of two." });
    expect(typeOf({})).toBe("anything");
  });

  test("a command is one that a shell reads as it is meant", () => {
    for (const route of ROUTES) {
      const command = curlOf(route, ORIGIN);
      const script = `curl() { for each in "$@"; do printf '%s\\0' "$each"; done; }\n${command}`;
      const words = execFileSync("/bin/sh", ["-c", script], { env: { TOKEN: "the token", KEY: "the key" } })
        .toString()
        .split("\0")
        .slice(0, -1);
      const url = words.find((word) => word.startsWith("http")) ?? "";
      expect([route.operation, URL.canParse(url), url.includes(":id")]).toEqual([route.operation, true, false]);
      const given = words.at(words.indexOf("-d") + 1);
      if (route.body === undefined) expect(words).not.toContain("-d");
      else expect([route.operation, JSON.parse(given ?? "null")]).toEqual([route.operation, EXAMPLES[route.operation]?.body]);
      const credentials = {
        app: "X-Genstore-Access-Token: the token",
        apps: route.isSignIn === true ? undefined : "Authorization: Bearer the token",
        platform: "Authorization: Bearer the key",
        open: undefined,
      }[route.api];
      if (credentials !== undefined) expect(words).toContain(credentials);
    }
  });
});

describe("over HTTP", () => {
  const h = new Harness();
  beforeAll(() => h.start({ "public-url": "https://hooks.example.com" }));
  afterAll(() => h.stop());

  test("needs no credentials, carries its policy, and names the public address", async () => {
    const answer = await h.call("GET", "/docs", undefined, { key: null });
    expect(answer.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    expect(answer.headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect(answer.text).toContain("https://hooks.example.com/platform/v1");
    const document = await h.call("GET", "/asyncapi.json", undefined, { key: null });
    expect(document.body.asyncapi).toBe("3.0.0");
  });
});
