import { existsSync } from "node:fs";
import { join } from "node:path";
import { compile, ROUTES, type Route } from "@genhook/contract";
import { describeSettings } from "@genhook/server/settings";
import { readPage, REPOSITORY } from "../src/repository.ts";
import { whyNoCommand } from "./genhook-command.ts";

const scripts = (JSON.parse(readPage("package.json")) as { readonly scripts: Readonly<Record<string, string>> }).scripts;

/** Programs that are not ours: named so that a misspelt `genhook` is noticed. */
const OTHERS: ReadonlySet<string> = new Set(
  "export cat cd docker kubectl systemctl openssl psql apt-get mkdir echo source cp jq python3 sudo install".split(" "),
);

export const VARIABLES: ReadonlySet<string> = new Set([
  ...describeSettings().map(({ flag }) => `GENHOOK_${flag.slice(2).split(" ")[0]?.replaceAll("-", "_").toUpperCase()}`),
  "GENHOOK_URL",
  "GENHOOK_ACCESS_TOKEN",
  "GENHOOK_PROFILE",
  "GENHOOK_CLIENT_SECRET",
  "GENHOOK_SIGNING_SECRET",
  "GENHOOK_OUTBOX",
  "GENHOOK_SOURCE",
]);

export function unknownScript([verb = "", name = ""]: readonly string[]): string | null {
  if (["install", "ci", "audit", "sbom", "pack"].includes(verb)) return null;
  const script = verb === "run" ? name : verb;
  if (script in scripts) return null;
  return existsInWorkspace(script) ? null : `there is no script ${script}`;
}

function existsInWorkspace(script: string): boolean {
  return ["packages/receiver", "bench"].some((folder) => {
    const { scripts: own = {} } = JSON.parse(readPage(`${folder}/package.json`)) as { readonly scripts?: Readonly<Record<string, string>> };
    return script in own;
  });
}

/** Why a curl command is no call of ours; null where it is one. */
function noSuchCall(words: readonly string[]): string | null {
  const valueOf = (...flags: string[]): string | undefined => words.find((_, index) => flags.includes(words[index - 1] ?? ""));
  const url = words.find((word) => /^(?:https?:|…|\$)/.test(word));
  const body = valueOf("-d", "--data", "--json", "--data-binary");
  const method = valueOf("-X", "--request") ?? (body === undefined ? "GET" : "POST");
  if (url === undefined) return "no URL";
  const path = url.replace(/^(?:https?:\/\/[^/]+|…|\$\w+|\$\{\w+\})/, "").replace(/[?#].*/, "");
  const route = routeOf(method, path);
  if (route === undefined) return `there is no ${method} ${path}`;
  if (body === undefined || body.startsWith("@")) return null;
  if (route.body === undefined) return `${method} ${path} takes no body`;
  return compile(route.body)(JSON.parse(body))?.message ?? null;
}

/** The call of a path with its parameters filled in, or named: `/platform/v1/holds/{id}`. */
export function routeOf(method: string, path: string): Route | undefined {
  const given = path.split("/");
  const fits = (route: Route): boolean => {
    const parts = route.path.split("/");
    return (
      route.method === method &&
      parts.length === given.length &&
      parts.every((part, index) => (part.startsWith(":") ? given[index] !== "" : part === given[index]))
    );
  };
  // The one whose parts are named in full: /app/webhooks/count before /app/webhooks/:id.
  return ROUTES.filter(fits).sort((a, b) => a.path.split(":").length - b.path.split(":").length)[0];
}

/** Why a command of a page could not be run as it stands; null where it can. */
export async function whyNotRunnable([program = "", ...words]: readonly string[]): Promise<string | null> {
  if (program === "" || OTHERS.has(program)) return null;
  if (program === "npx") return words[0] === "vitest" ? missingFile(words.slice(2)) : whyNotRunnable(words);
  if (program === "genhook") return whyNoCommand(words, false);
  if (program === "node") return missingFile(words);
  if (program === "npm") return unknownScript(words);
  if (program === "curl") return noSuchCall(words);
  return `${program} is not known here`;
}

function missingFile(words: readonly string[]): string | null {
  const missing = words.filter((word) => word.includes("/") && !existsSync(join(REPOSITORY, word)));
  return missing.length === 0 ? null : `there is no ${missing.join(", ")}`;
}

/** Why what stands before a command sets nothing. */
export function unknownVariable(variables: readonly string[]): string | null {
  const names = variables.map((variable) => variable.split("=")[0] ?? "").filter((name) => name.startsWith("GENHOOK_"));
  const unknown = names.filter((name) => !VARIABLES.has(name) && !name.startsWith("GENHOOK_TEST_"));
  return unknown.length === 0 ? null : `${unknown.join(", ")} is no setting`;
}

/** Whether `GET /platform/v1/holds/{id}`, `POST /app/webhooks` or `POST …/test` names a call; what stands before the path may be left out. */
export function isCall(text: string): boolean {
  const named = (path: string): string => path.replaceAll(/:\w+|\{\w+\}|…|\b\d{6}\b/g, ":");
  const [methods = "", written = ""] = text.split(/ (?=[/…])/);
  const path = named((written.split(/[ ?]/)[0] ?? "").replace(/^…/, ""));
  return methods.split(" or ").every((method) => ROUTES.some((route) => route.method === method && named(route.path).endsWith(path)));
}
