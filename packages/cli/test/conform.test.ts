import { createHmac, timingSafeEqual } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { memoryStore } from "@genhook/receiver";
import { nodeReceiver } from "@genhook/receiver/node";
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from "vitest";
import { conformancePage } from "../scripts/conformance-page.ts";
import { GOOD_PATH, startDemoApp } from "../src/demo/demo-app.ts";
import { listenLocally, type LocalServer } from "../src/demo/local-server.ts";
import { CHECK_IDS } from "../src/conform/check-table.ts";
import { runCommand } from "./harness.ts";

const CLIENT_SECRET = "a client secret";
const SIGNING_SECRET = `whsec_${Buffer.from("twenty-four bytes, at least").toString("base64")}`;
const SECRETS = ["--client-secret", CLIENT_SECRET, "--signing-secret", SIGNING_SECRET];
const ALL_RIGHT = Object.fromEntries(CHECK_IDS.map((id) => [id, "right"]));

let folder = "";
let endpoint: LocalServer | null = null;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "genhook-conform-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(() => endpoint?.close());

async function serve(listener: RequestListener): Promise<string> {
  endpoint = await listenLocally(createServer(listener));
  return `${endpoint.origin}/hooks`;
}

/** How many events were processed, where a command can read it. */
class Processed {
  readonly path: string = join(folder, `processed-${Math.random().toString(36).slice(2)}`);
  #count = 0;

  constructor() {
    writeFileSync(this.path, "0");
  }

  add(): void {
    this.#count += 1;
    writeFileSync(this.path, String(this.#count));
  }

  get flags(): readonly string[] {
    return ["--effects", `cat '${this.path}'`];
  }
}

interface Report {
  readonly exit: number;
  readonly verdicts: Readonly<Record<string, string>>;
  readonly says: Readonly<Record<string, string>>;
}

async function conform(address: string, ...flags: readonly string[]): Promise<Report> {
  const { exit, out, error } = await runCommand(["conform", address, "--json", ...SECRETS, ...flags]);
  const { checks } = JSON.parse(out === "" ? error : out) as {
    checks: readonly { id: string; verdict: string; says: readonly string[] }[];
  };
  return {
    exit,
    verdicts: Object.fromEntries(checks.map(({ id, verdict }) => [id, verdict])),
    says: Object.fromEntries(checks.map(({ id, says }) => [id, says.join(" ")])),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A receiver as a first try often looks: the HMAC over JSON that was parsed and written again, no deduplication, a small body limit. */
function naive(processed: Processed): RequestListener {
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    if (body.length > 100_000) return void response.writeHead(413).end("request entity too large");
    if (request.url?.includes("?") === true) return void response.writeHead(404).end();
    const given = Buffer.from(String(request.headers["x-genstore-hmac-sha256"] ?? ""));
    const again = JSON.stringify(JSON.parse(body.toString("utf8")));
    try {
      const expected = Buffer.from(createHmac("sha256", CLIENT_SECRET).update(again).digest("base64"));
      if (!timingSafeEqual(given, expected)) return void response.writeHead(401).end();
    } catch {
      return void response.writeHead(500).end("Input buffers must have the same byte length");
    }
    const age = Date.now() - Date.parse(String(request.headers["x-genstore-triggered-at"]));
    if (age > 3_600_000 * 3) return void response.writeHead(400).end("too old");
    processed.add();
    response.writeHead(200).end();
  };
  return (request, response) => void answer(request, response);
}

describe("genhook conform", () => {
  it("finds nothing wrong with a receiver made with the kit, that deduplicates and checks both signatures", async () => {
    const processed = new Processed();
    const receiver = nodeReceiver({
      clientSecret: CLIENT_SECRET,
      signingSecret: SIGNING_SECRET,
      store: memoryStore(),
      onRefused: () => undefined,
      onEvent: () => processed.add(),
    });
    const { exit, verdicts, says } = await conform(
      await serve((request, response) => void receiver(request, response)),
      ...processed.flags,
      "--strict",
    );
    expect({ exit, verdicts }).toEqual({ exit: 0, verdicts: ALL_RIGHT });
    expect(says["either-signature"]).toBe("It checks both signatures.");
  });

  it("finds nothing wrong with the demo's app, but cannot see what it does", async () => {
    const seen: string[] = [];
    endpoint = await startDemoApp({
      clientSecret: CLIENT_SECRET,
      signingSecret: SIGNING_SECRET,
      onEvent: (_, event) => seen.push(event.topic),
      onRefused: () => undefined,
      fails: () => false,
    });
    const { exit, verdicts } = await conform(`${endpoint.origin}${GOOD_PATH}`);
    expect({ exit, verdicts }).toEqual({ exit: 0, verdicts: { ...ALL_RIGHT, once: "not_judged", "forged-effect": "not_judged" } });
    expect(seen).toContain("orders/update");
  });

  it("finds every fault of a naive receiver, and says how to mend each", async () => {
    const processed = new Processed();
    const address = await serve(naive(processed));
    const { exit, out, error } = await runCommand(["conform", address, ...SECRETS, ...processed.flags, "--seed", "7"], {
      isTty: true,
      width: 100,
    });
    const shown = `$ genhook conform http://localhost:3000/hooks\n${out}--- standard error\n${error}--- exit ${exit}\n`
      .replaceAll(address, "http://localhost:3000/hooks")
      .replaceAll(/took \d+ ms/g, "took N ms");
    golden("golden/conform-naive.txt", shown);
  });

  it("finds a receiver that verifies nothing open to everybody", async () => {
    const { exit, verdicts } = await conform(await serve((request, response) => void request.resume().on("end", () => response.end("ok"))));
    expect(exit).toBe(1);
    const forged = CHECK_IDS.slice(CHECK_IDS.indexOf("no-signature"), CHECK_IDS.indexOf("deadline"));
    expect(Object.fromEntries(forged.map((id) => [id, verdicts[id]]))).toEqual({
      "no-signature": "wrong",
      "wrong-secret": "wrong",
      "tampered-body": "wrong",
      "old-signature": "not_judged",
      "early-signature": "not_judged",
      "other-id": "not_judged",
      "either-signature": "not_judged",
      "garbage-signature": "not_judged",
      "forged-effect": "not_judged",
    });
  });

  it("sends nothing more to an endpoint that takes no genuine delivery: its refusals would prove nothing", async () => {
    let requests = 0;
    const address = await serve((request, response) => {
      requests += 1;
      request.resume().on("end", () => response.writeHead(401, { "Content-Type": "text/plain" }).end("bad signature"));
    });
    const { exit, verdicts, says } = await conform(address);
    expect({ exit, verdicts, requests }).toEqual({ exit: 1, verdicts: { "first-delivery": "wrong" }, requests: 1 });
    expect(says["first-delivery"]).toContain(`answered 401. It said: "bad signature"`);
  });

  it("tells an endpoint that is too slow from one that is merely slow", async () => {
    const timers = new Set<NodeJS.Timeout>();
    const address = await serve((request, response) => {
      request.resume().on("end", () => {
        if (request.headers["x-genstore-test"] !== "true") response.end();
        else timers.add(setTimeout(() => response.end(), 60_000));
      });
    });
    const { exit, verdicts, says } = await conform(
      address,
      "--timeout",
      "300ms",
      "--only",
      "test-event",
      "--only",
      "deadline",
      "--only",
      "duplicate",
    );
    for (const timer of timers) clearTimeout(timer);
    expect({ exit, verdicts }).toEqual({
      exit: 1,
      verdicts: { "first-delivery": "right", "test-event": "wrong", duplicate: "right", deadline: "wrong" },
    });
    expect(says["test-event"]).toContain("not complete within the deadline");
  });

  it("leaves out what it cannot sign, and does not judge by it", async () => {
    const receiver = nodeReceiver({ clientSecret: CLIENT_SECRET, onRefused: () => undefined, onEvent: () => undefined });
    const address = await serve((request, response) => void receiver(request, response));
    const { exit, out, error } = await runCommand(["conform", address, "--json", "--client-secret", CLIENT_SECRET]);
    const { checks } = JSON.parse(out) as { checks: readonly { id: string; verdict: string }[] };
    expect(checks.filter(({ verdict }) => verdict === "not_judged").map(({ id }) => id)).toEqual([
      "several-signatures",
      "once",
      "old-signature",
      "early-signature",
      "other-id",
      "either-signature",
      "forged-effect",
    ]);
    expect({ exit, error }).toEqual({ exit: 0, error: "webhook-signature is left out: give --signing-secret to have it.\n" });
  });

  it("says that nothing answers, with a code of its own", async () => {
    const address = await serve(() => undefined);
    await endpoint?.close();
    expect(await runCommand(["conform", address, ...SECRETS])).toMatchObject({
      exit: 5,
      error: expect.stringContaining("Nothing answers at") as string,
    });
  });

  test.each([
    [["conform", "ftp://localhost/hooks", ...SECRETS], "Give the endpoint's address"],
    [["conform", "localhost:1/hooks"], "Give --client-secret and --signing-secret"],
    [["conform", "localhost:1/hooks", ...SECRETS, "--topic", "orders/creat"], "Did you mean orders/create"],
    [["conform", "localhost:1/hooks", ...SECRETS, "--only", "duplicat"], "Did you mean duplicate?"],
    [["conform", "localhost:1/hooks", ...SECRETS, "--timeout", "soon"], "--timeout must be a time such as 5s"],
    [["conform", "localhost:1/hooks", "--signing-secret", "secret"], "--signing-secret is whsec_"],
    [["conform", "https://app.example.com/hooks", ...SECRETS], "give --yes"],
  ])("refuses %j: %s", async (args, message) => {
    expect(await runCommand(args)).toMatchObject({ exit: 2, error: expect.stringContaining(message) as string });
  });

  it("has no effects to compare with a command that prints no number", async () => {
    const address = await serve((request, response) => void request.resume().on("end", () => response.end()));
    const { exit, error } = await runCommand(["conform", address, ...SECRETS, "--only", "once", "--effects", "echo many"]);
    expect({ exit, error }).toEqual({
      exit: 2,
      error: expect.stringContaining('must print a number: how many events were processed. It printed "many"') as string,
    });
  });
});

test("docs/conformance.md is made from the checks", () => golden("../../../docs/conformance.md", conformancePage()));

function golden(name: string, content: string): void {
  const path = fileURLToPath(new URL(name, import.meta.url));
  if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(path)) writeFileSync(path, content);
  expect(content, `${name} is out of date: npm run golden:update`).toBe(readFileSync(path, "utf8"));
}
