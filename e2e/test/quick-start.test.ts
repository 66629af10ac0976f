import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { freePort } from "@genhook/testkit";
import { run } from "genhook/program";
import { afterAll, beforeAll, expect, test } from "vitest";
import { blocksOf } from "../../website/src/read-markdown.ts";
import { shellCommands } from "../../website/src/shell-words.ts";
import { makeFolder, ServerProcess } from "../src/server-process.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const blocks = blocksOf(readFileSync(join(checkout, "docs/quick-start.md"), "utf8"));
const folder = makeFolder();
/** Within the checkout, where the page says to put it: its imports are found from there. */
const appFolder = mkdtempSync(join(checkout, "website/.docs-"));
let server: ServerProcess;
let origin = "";
let port = 0;
let app: AppProcess | null = null;

beforeAll(async () => {
  port = await freePort();
  writeFileSync(join(appFolder, "app.ts"), blocks.find(({ language }) => language === "ts")?.code ?? "");
});
afterAll(async () => {
  await app?.stop();
  server.kill("SIGTERM");
  await server.exited;
  folder.remove();
  rmSync(appFolder, { recursive: true, force: true });
});

/** The page's app. */
class AppProcess {
  output = "";
  readonly #child: ChildProcess;

  constructor(signingSecret: string) {
    this.#child = spawn(process.execPath, [join(appFolder, "app.ts")], {
      env: { PATH: process.env["PATH"], PORT: String(port), SIGNING_SECRET: signingSecret },
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.#child.stdout?.on("data", (data: Buffer) => (this.output += data.toString()));
  }

  async listening(): Promise<void> {
    while (
      !(await fetch(`http://127.0.0.1:${port}/`, { method: "POST" })
        .then(() => true)
        .catch(() => false))
    )
      if (this.#child.exitCode !== null) throw new Error(`The page's app ended with ${this.#child.exitCode}`);
  }

  async orders(count: number): Promise<void> {
    while (this.output.split("order ").length - 1 < count) await once(this.#child.stdout ?? this.#child, "data");
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, "exit");
    this.#child.kill();
    await exited;
  }
}

/** Carries out a command of the page, at a terminal that knows the server; answers what was printed. */
async function genhook(words: readonly string[]): Promise<string> {
  let printed = "";
  const code = await run(["node", "genhook", ...words], {
    out: (text) => (printed += text),
    error: (text) => (printed += text),
    isTty: false,
    isErrorTty: false,
    isInputTty: false,
    width: 200,
    hasColour: false,
    environment: { GENHOOK_URL: origin, GENHOOK_DATA: folder.path },
    now: () => Date.now(),
    readInput: () => Promise.resolve(new Uint8Array()),
    ask: () => Promise.resolve(""),
    // `tail` follows for ever: it is stopped as by Ctrl+C.
    interrupts: () => (words[0] === "tail" ? AbortSignal.timeout(1_000) : new AbortController().signal),
  });
  expect([0, 130], `${words.join(" ")}\n${printed}`).toContain(code);
  return printed;
}

test("docs/quick-start.md does what it says, from its first command to its last", async () => {
  const values = new Map<string, string>();
  const filled = (word: string): string =>
    word.replace(/^(?:CLIENT_ID|ACCESS_TOKEN)$/, (name) => values.get(name) ?? name).replace("localhost:3000", `localhost:${port}`);
  const keep = (name: string, printed: string, label: string): void => {
    const found = new RegExp(`^${label} +(\\S+)`, "m").exec(printed)?.[1];
    if (found !== undefined) values.set(name, found);
  };
  const startApp = async (): Promise<AppProcess> => {
    app = new AppProcess(values.get("WHSEC") ?? "");
    await app.listening();
    return app;
  };
  const done: string[] = [];
  for (const { words } of blocks.filter(({ language }) => language === "sh").flatMap(({ code }) => shellCommands(code))) {
    const [program = "", ...rest] = words[0] === "npx" ? words.slice(1) : words;
    const command = `${program} ${rest[0] ?? ""} ${rest[1] ?? ""}`;
    if (program === "npm" || program === "cat") continue;
    if (command.startsWith("genhook serve")) {
      const flags = [...rest, "--data", folder.path, "--port", "0", "--retry-waits", "500ms,500ms,1s,2s,4s,8s,16s"];
      server = new ServerProcess(flags, { GENHOOK_PLATFORM_KEY: undefined });
      origin = await server.listening();
    } else if (program === "node") await startApp();
    else if (program === "curl") {
      const body = words.at(words.indexOf("-d") + 1) ?? "";
      const key = readFileSync(join(folder.path, "platform-key"), "utf8").trim();
      const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
      const publish = (): Promise<{ readonly event: { readonly duplicate: boolean } }> =>
        fetch(`${origin}/platform/v1/events`, { method: "POST", headers, body }).then((answer) => answer.json()) as ReturnType<
          typeof publish
        >;
      expect([(await publish()).event.duplicate, (await publish()).event.duplicate]).toEqual([false, true]);
      await app?.orders(3);
    } else {
      const isSecondOrder = command.startsWith("genhook trigger") && done.includes(command);
      if (isSecondOrder) await app?.stop();
      const printed = await genhook(rest.map(filled));
      keep("CLIENT_ID", printed, "clientId");
      keep("WHSEC", printed, "signingSecret");
      keep("ACCESS_TOKEN", printed, "accessToken");
      if (isSecondOrder) {
        expect(printed).toMatch(/connect|reached/i);
        await (await startApp()).orders(1);
      } else if (command.startsWith("genhook trigger")) await app?.orders(1);
      else if (command.startsWith("genhook replay")) {
        // The one that this process of the app has not seen.
        await app?.orders(2);
        expect(printed).toMatch(/2/);
      }
    }
    done.push(command);
  }
  expect(done.length).toBeGreaterThanOrEqual(11);
  expect(app?.output.split("order ").length).toBe(1 + 2 + 1);
  console.log(`carried out: ${done.map((command) => command.trim()).join("; ")}`);
});
