import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect, type AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { REASONS } from "../src/index.ts";
import { signedDelivery } from "../src/testing/index.ts";
import { SIGNING } from "./fixtures.ts";

const root = new URL("../", import.meta.url).pathname;
const PAGES = { readme: `${root}README.md`, receiving: `${root}../../docs/receiving.md` };
const readme = readFileSync(PAGES.readme, "utf8");

/** Code blocks of a page, named by the heading that they stand under. Their types are checked with those of all other pages, in website/test. */
function blocksOf(page: string): { readonly heading: string; readonly code: string }[] {
  const blocks: { heading: string; code: string }[] = [];
  let heading = "";
  let lines: string[] | null = null;
  for (const line of readFileSync(page, "utf8").split("\n")) {
    if (lines === null && line.startsWith("#")) heading = line.replace(/^#+ /, "");
    if (lines === null && line === "```ts") lines = [];
    else if (lines !== null && line === "```") {
      blocks.push({ heading, code: `${lines.join("\n")}\n` });
      lines = null;
    } else lines?.push(line);
  }
  return blocks;
}

const folder = mkdtempSync(join(root, ".docs-"));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

const files = Object.entries(PAGES).flatMap(([page, path]) =>
  blocksOf(path).map(({ heading, code }, index) => ({ heading, file: join(folder, `${page}-${index}.ts`), code })),
);

beforeAll(() => {
  for (const { file, code } of files) writeFileSync(file, code);
});

/** Where the code of a heading stands. */
function fileOf(heading: string): string {
  const found = files.find((each) => each.heading === heading);
  if (found === undefined) throw new Error(`There is no code under ${heading}`);
  return found.file;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Resolves once something listens. */
async function listening(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`It ended with ${child.exitCode} before it listened`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (isOpen) return;
  }
}

const order = (deliveryId: string, suffix = ""): Promise<{ headers: Record<string, string>; body: string }> =>
  signedDelivery({ topic: "orders/create", signingSecret: SIGNING, deliveryId }).then(({ headers, body }) => ({
    headers,
    body: new TextDecoder().decode(body) + suffix,
  }));

describe("the code of the first five minutes, run as it stands", () => {
  test.each(["Express", "Fastify", "Koa", "node:http"])("%s", { timeout: 30_000 }, async (heading) => {
    const port = await freePort();
    const child = spawn(process.execPath, [fileOf(heading)], {
      env: { ...process.env, PORT: String(port), SIGNING_SECRET: SIGNING },
      stdio: "ignore",
    });
    children.push(child);
    await listening(port, child);
    const send = async (suffix = ""): Promise<number> => {
      const { headers, body } = await order("d1", suffix);
      return (await fetch(`http://127.0.0.1:${port}/webhooks`, { method: "POST", headers, body })).status;
    };
    expect([await send(), await send(), await send(" ")]).toEqual([200, 200, 401]);
    child.kill();
    await once(child, "exit");
  });

  test("Hono, Workers, Next.js, Lambda", async () => {
    vi.stubEnv("SIGNING_SECRET", SIGNING);
    for (const name of ["log", "warn"] as const) vi.spyOn(console, name).mockReturnValue();
    const load = (heading: string): Promise<Record<string, unknown>> =>
      import(/* @vite-ignore */ pathToFileURL(fileOf(heading)).href) as Promise<Record<string, unknown>>;
    type Fetch = (request: Request, env?: object) => Promise<Response>;
    const hono = (await load("Hono"))["default"] as { fetch: Fetch };
    const worker = (await load("Cloudflare Workers, Deno, Bun, and whatever else speaks `fetch`"))["default"] as { fetch: Fetch };
    const next = (await load("Next.js"))["POST"] as Fetch;
    const lambda = (await load("AWS Lambda"))["handler"] as (event: object) => Promise<{ statusCode: number }>;
    const own = (await load("Anything else"))["handle"] as (body: Uint8Array, headers: object) => Promise<number>;
    for (const [suffix, status] of [
      ["", 200],
      [" ", 401],
    ] as const) {
      const { headers, body } = await order("d1", suffix);
      const request = (): Request => new Request("http://a.example.com/webhooks", { method: "POST", headers, body });
      expect((await hono.fetch(request(), { SIGNING_SECRET: SIGNING })).status).toBe(status);
      expect((await worker.fetch(request(), { SIGNING_SECRET: SIGNING })).status).toBe(status);
      expect((await next(request())).status).toBe(status);
      expect((await lambda({ headers, body })).statusCode).toBe(status);
      expect(await own(new TextEncoder().encode(body), headers)).toBe(status);
    }
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  test("the test of one's own receiver passes", { timeout: 30_000 }, () => {
    const { status, stdout } = spawnSync(process.execPath, ["--test", fileOf("Testing your receiver")], { encoding: "utf8" });
    expect([status, /pass 1/.test(stdout)]).toEqual([0, true]);
  });
});

test("every reason stands in the table, with its status, and nothing else does", () => {
  const rows = [...readme.matchAll(/^\| ((?:`\w+`(?:, )?)+) +\| (\d{3}) +\|/gm)].flatMap(([, names = "", status]) =>
    [...names.matchAll(/\w+/g)].map(([name]) => [name, Number(status)]),
  );
  expect(Object.fromEntries(rows)).toEqual(REASONS);
});

test("every entry of the package is named", () => {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { exports: Record<string, string> };
  const unnamed = Object.keys(exports).filter((entry) => entry !== "." && !readme.includes(`\`${entry.slice(1)}\``));
  expect(unnamed).toEqual([]);
});
