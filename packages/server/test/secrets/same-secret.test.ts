import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isSameSecret } from "../../src/secrets/same-secret.ts";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
/** Where somebody else's claim is held against what is kept. */
const JUDGES = ["packages/server/src/**/*.ts", "packages/receiver/src/**/*.ts", "packages/core/src/**/*.ts"];
/** The one function of each, which the others call. */
const FUNCTIONS = ["packages/server/src/secrets/same-secret.ts", "packages/receiver/src/bytes.ts"];

/** What is called like a secret, and what makes one. */
const SECRET = /(?:(?:secret|token|signature|hmac|mac|password|digest|hash|credential)s?|(?:open|sha256|hmacSha256|sign)\([^()]*\))$/i;
/** Tells whether there is one, or of what kind it is: never its content. */
const LITERAL = /^(?:null|undefined|true|false|-?\d|["'`])/;
const BEFORE = /(?:typeof )?[\w.?!$]+(?:\([^()]*\))?\)*$/;
const AFTER = /^["'`]|^[\w.?!$-]+(?:\([^()]*\))?/;
const BY_CONTENT =
  /(?<of>[\w.?!$]+(?:\([^()]*\))?)\??\.(?:equals|localeCompare|startsWith|endsWith|includes|indexOf)\((?<what>[^()]*(?:\([^()]*\))?)\)/g;

/** Comparisons that look like one of secrets, each with why it is none. */
const NONE: Readonly<Record<string, string>> = {
  "after.tokenHash === before.tokenHash": "two states of one row, neither from a caller",
  "trimBlanks(each).toLowerCase() === token": "a word of HTTP's Connection header, which the grammar calls a token",
  "claims.get(id)?.token === token": "which of one process's own claims it is",
  "last?.body !== body || last.clientSecret !== clientSecret":
    "the server's own secrets with each other: what was signed last may be sent again",
  "secret !== secret.trim()": "one secret with itself",
  ".filter((token) => token.startsWith(prefix))": "the parts of a header by their kind, v1 or v1a",
  "right.includes(hash)":
    "hashes of what this address was let in with, held against the hash of what it gives: how far they agree says nothing of a key",
  "right.indexOf(hash)": "the same",
  "putIfAbsent(`first-key ${before.length}`, hash)) === hash": "which of several new keys was kept: all are this server's own",
};

interface Found {
  readonly file: string;
  readonly line: string;
}

function comparesSecrets(line: string): boolean {
  for (const { index, 0: operator } of line.matchAll(/[!=]==?(?!=)/g)) {
    const before = BEFORE.exec(line.slice(0, index).trimEnd())?.[0] ?? "";
    const after = AFTER.exec(line.slice(index + operator.length).trimStart())?.[0] ?? "";
    if (before.startsWith("typeof ") || LITERAL.test(before) || LITERAL.test(after)) continue;
    if (SECRET.test(before.replace(/\)+$/, (ends) => (before.includes("(") ? ends : ""))) || SECRET.test(after)) return true;
  }
  return [...line.matchAll(BY_CONTENT)].some(
    ({ groups }) => !LITERAL.test(groups?.["what"] ?? "") && (SECRET.test(groups?.["of"] ?? "") || SECRET.test(groups?.["what"] ?? "")),
  );
}

function comparisons(text: string): string[] {
  const lines = text.split("\n").filter((line) => !/^\s*(?:\*|\/\/|\/\*)/.test(line));
  return lines.filter(comparesSecrets).map((line) => line.trim());
}

test("no secret, token or signature is compared but by the one function that takes the same time whatever it is given", () => {
  const files = globSync(JUDGES, { cwd: ROOT }).filter((file) => !FUNCTIONS.includes(file));
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((file) => comparisons(readFileSync(ROOT + file, "utf8")).map((line): Found => ({ file, line })));
  expect(found.filter(({ line }) => !Object.keys(NONE).some((each) => line.includes(each)))).toEqual([]);
  const others = files.filter((file) => /timingSafeEqual/.test(readFileSync(ROOT + file, "utf8")));
  expect(others).toEqual([]);
});

test.each([
  "if (given === secret) return true;",
  "const isGood = signature !== expected;",
  "return sealing.open(secret.sealed) === text;",
  "if (access.codeHash === sha256(code)) return access;",
  "return expected.equals(hmac);",
  "if (token.startsWith(given)) return true;",
])("it would be noticed: %s", (line) => {
  expect(comparisons(line)).toEqual([line]);
});

test.each([
  "if (secret === undefined) return;",
  'if (kind === "token") return;',
  'if (secret === "") fail();',
  "if (token !== null) return;",
])("what tells nothing of it is let be: %s", (line) => {
  expect(comparisons(line)).toEqual([]);
});

test("the function says what it should, whatever the lengths", () => {
  expect([isSameSecret("a", "a"), isSameSecret("a", "b"), isSameSecret("a", "aa"), isSameSecret("", "a"), isSameSecret("", "")]).toEqual([
    true,
    false,
    false,
    false,
    true,
  ]);
});
