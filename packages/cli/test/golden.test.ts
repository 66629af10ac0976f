import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { cliPage } from "../scripts/cli-page.ts";
import { runCommand, ScriptedApi, type TerminalOptions } from "./harness.ts";
import { script } from "./scripted-answers.ts";

const api = new ScriptedApi();
const home = mkdtempSync(join(tmpdir(), "genhook-cli-"));
const before = { cwd: process.cwd(), zone: process.env["TZ"] };

beforeAll(async () => {
  // Times of day are those of the machine; and no data folder of the checkout may be found.
  process.env["TZ"] = "UTC";
  process.chdir(home);
  await script(api).start();
});
afterAll(async () => {
  process.chdir(before.cwd);
  process.env["TZ"] = before.zone;
  rmSync(home, { recursive: true, force: true });
  await api.stop();
});

const KEY = ["--key", "a-platform-key"];
const TOKEN = ["--token", "an-access-token"];
const PROGRESS = new RegExp(String.raw`\r\x1b\[K[^\r\n]*`, "g");
const TERMINAL: TerminalOptions = { isTty: true, width: 100 };
const NARROW: TerminalOptions = { isTty: true, width: 80 };
const WIDE: TerminalOptions = { isTty: true, width: 200 };

/** What people see, each as a file of its own. */
const CASES: readonly (readonly [name: string, args: readonly string[], options: TerminalOptions])[] = [
  ["shops", ["shops", ...KEY], TERMINAL],
  ["shops-piped", ["shops", ...KEY], {}],
  ["shops-json", ["shops", "list", "--json", ...KEY], {}],
  ["shops-first-of-many", ["shops", "list", "--limit", "1", ...KEY], TERMINAL],
  ["shop", ["shops", "get", "linen", ...KEY], TERMINAL],
  ["app-made", ["apps", "create", "--name", "Stock sync", ...KEY], TERMINAL],
  ["app-deleted", ["apps", "delete", "DE30DE30DE30DE30DE30DE30DE30DE30", "--yes", ...KEY], TERMINAL],
  ["webhooks-of-an-app", ["webhooks", ...TOKEN], WIDE],
  ["topics", ["topics", ...KEY], TERMINAL],
  ["topic", ["topics", "show", "shop/redact", ...KEY], TERMINAL],
  ["topic-sample", ["topics", "show", "shop/redact", "--sample", ...KEY], {}],
  ["topic-unknown", ["topics", "show", "shop/redcat", ...KEY], TERMINAL],
  ["deliveries-80", ["deliveries", ...KEY], NARROW],
  ["deliveries-200", ["deliveries", ...KEY], WIDE],
  ["deliveries-utc", ["deliveries", "--utc", ...KEY], WIDE],
  ["delivery-pending", ["deliveries", "get", "dlv_pending", ...KEY], TERMINAL],
  ["delivery-due", ["deliveries", "get", "dlv_due", ...KEY], TERMINAL],
  ["delivery-dead", ["deliveries", "get", "dlv_dead", ...KEY], NARROW],
  ["delivery-delivered", ["deliveries", "get", "dlv_delivered", ...KEY], TERMINAL],
  ["event", ["events", "get", "01a2147b-362f-7193-97b0-5e0be20012d1", ...KEY], TERMINAL],
  ["why", ["why", "01a2147b-362f-7193-97b0-5e0be20012d1", ...KEY], WIDE],
  ["why-80", ["why", "01a2147b-362f-7193-97b0-5e0be20012d1", ...KEY], NARROW],
  ["stats", ["stats", ...KEY], TERMINAL],
  ["stats-nothing", ["stats", "--shop", "quiet", ...KEY], TERMINAL],
  ["replay-one", ["replay", "dlv_dead", ...KEY], TERMINAL],
  ["replay-dry-run", ["replay", "--state", "dead", "--dry-run", ...KEY], TERMINAL],
  ["replay-many", ["replay", "--state", "dead", "--yes", ...KEY], TERMINAL],
  ["replay-declined", ["replay", "--state", "dead", ...KEY], { ...TERMINAL, typed: ["n"] }],
  ["trigger-one", ["trigger", "orders/create", "--shop", "linen", "--seed", "7", ...KEY], TERMINAL],
  ["trigger-json", ["trigger", "orders/create", "--shop", "linen", "--seed", "7", "--json", ...KEY], {}],
  ["error-unknown-command", ["delivries"], TERMINAL],
  ["error-unknown-verb", ["shops", "lsit"], TERMINAL],
  ["error-unknown-option", ["shops", "list", "--jsn"], TERMINAL],
  ["error-unknown-topic", ["trigger", "orders/created", "--shop", "linen", ...KEY], TERMINAL],
  ["error-topic-of-webhook", ["webhooks", "create", "--topic", "orders/creat", "--address", "https://a.example/", ...TOKEN], TERMINAL],
  ["error-no-key", ["shops"], TERMINAL],
  ["error-no-token", ["scopes"], TERMINAL],
  ["error-wrong-key", ["keys", "--key", "wrong"], TERMINAL],
  ["error-role", ["keys", "create", "--name", "ci", "--role", "admin", ...KEY], TERMINAL],
  ["error-not-found", ["shops", "get", "nowhere", ...KEY], TERMINAL],
  ["error-conflict", ["shops", "create", "--domain", "linen", ...KEY], TERMINAL],
  ["error-member", ["shops", "put", "linen", "--shop-id", "x", ...KEY], TERMINAL],
  ["error-missing-option", ["apps", "create", ...KEY], TERMINAL],
  ["error-as-json", ["shops", "get", "nowhere", "--json", ...KEY], {}],
  ["error-time", ["deliveries", "list", "--create-time-min", "yesterday", ...KEY], TERMINAL],
  ["error-nobody-to-ask", ["shops", "delete", "linen", ...KEY], {}],
  ["help", ["--help"], TERMINAL],
  ["help-deliveries-list", ["deliveries", "list", "--help"], TERMINAL],
];

test.each(CASES)("%s", async (name, args, options) => {
  const url = args.includes("--help") || (args.length === 1 && args[0] === "delivries") ? [] : ["--url", api.origin];
  const { exit, out, error } = await runCommand([...args, ...url], { environment: { HOME: home }, ...options });
  const shown = [`$ genhook ${args.join(" ")}`, out, error === "" ? "" : `--- standard error\n${error}`, `--- exit ${exit}`]
    .filter((part) => part !== "")
    .map((part) => part.trimEnd())
    .join("\n")
    .replaceAll(api.origin, "http://server")
    // A progress bar says how fast it went.
    .replaceAll(PROGRESS, "");
  golden(`golden/${name}.txt`, `${shown}\n`);
});

test("docs/cli.md is made from the commands", () => golden("../../../docs/cli.md", cliPage()));

function golden(name: string, content: string): void {
  const path = fileURLToPath(new URL(name, import.meta.url));
  if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(path)) writeFileSync(path, content);
  expect(content, `${name} is out of date: npm run golden:update`).toBe(readFileSync(path, "utf8"));
}
