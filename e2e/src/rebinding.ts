/**
 * A rebinding name server against the real command, with public addresses that really answer. Runs in a network namespace of its own
 * (`unshare --map-root-user --net node e2e/src/rebinding.ts`), where public addresses can be put on the loopback interface and nothing
 * leads outside. Prints what arrived where, as JSON.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { startDnsServer, testCertificate } from "@genhook/testkit";
import { call, makeFolder, publish, ServerProcess, setUp, SHOP } from "./server-process.ts";

const PUBLIC = "93.184.215.14";
const PORT = 8_443;
/** Where nothing may arrive, all on the port that the public endpoint has. */
const CANARIES = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1"];

export interface RebindingReport {
  readonly arrivedAtPublic: number;
  readonly arrivedAtCanaries: number;
  readonly published: number;
  readonly lookUps: number;
  /** How attempts ended, each word with its count. */
  readonly words: Readonly<Record<string, number>>;
}

async function main(): Promise<void> {
  ip("link", "set", "lo", "up");
  for (const address of [PUBLIC, ...CANARIES.slice(1, 3)]) ip("address", "add", `${address}/32`, "dev", "lo");
  const counts = { public: 0, canaries: 0 };
  // Each connection serves one delivery: the next one looks the name up again.
  const endpoint = createTlsServer({ key: testCertificate.key, cert: testCertificate.cert }, (request, response) => {
    counts.public += 1;
    request.resume();
    response.writeHead(200, { connection: "close" }).end();
  });
  await listen(endpoint, PUBLIC);
  const canaries = await Promise.all(
    CANARIES.map((address) =>
      listen(
        createServer(() => (counts.canaries += 1)),
        address,
      ),
    ),
  );
  // Public, private, both, private, …: whatever is vetted first is something else the next time.
  const answers = [
    [PUBLIC],
    ["127.0.0.1"],
    ["10.0.0.1", PUBLIC, "::1"],
    ["169.254.169.254"],
    ["::ffff:7f00:1", "127.0.0.1"],
    [PUBLIC, "127.0.0.1"],
  ];
  const names = await startDnsServer(({ count }) => answers[(count - 1) % answers.length] ?? []);
  const folder = makeFolder();
  writeFileSync(join(folder.path, "ca.pem"), testCertificate.ca);
  const server = new ServerProcess(
    [
      "serve",
      "--port",
      "0",
      "--data",
      folder.path,
      "--dns-servers",
      names.address,
      "--ca-file",
      join(folder.path, "ca.pem"),
      "--retry-waits",
      "none",
    ],
    {},
  );
  try {
    const origin = await server.listening();
    await setUp(origin, [`https://app.example.com:${PORT}/hooks`]);
    let published = 0;
    for (; published < 60; published += 1) await publish(origin, published);
    const words = await wordsOf(origin, published);
    const report: RebindingReport = {
      arrivedAtPublic: counts.public,
      arrivedAtCanaries: counts.canaries,
      published,
      lookUps: names.questions.filter(({ type }) => type === "A").length,
      words,
    };
    console.log(JSON.stringify(report));
  } finally {
    server.kill("SIGTERM");
    await server.exited;
    await names.close();
    for (const each of [endpoint, ...canaries]) each.close();
    folder.remove();
  }
}

/** Waits until every delivery is final, and counts how they ended. */
async function wordsOf(origin: string, count: number): Promise<Record<string, number>> {
  for (;;) {
    const words: Record<string, number> = {};
    let final = 0;
    for (const state of ["delivered", "dead"]) {
      const page = await call<{ deliveries: { lastError: string | null; lastStatus: number | null }[] }>(
        origin,
        "GET",
        `/platform/v1/deliveries?shop=${SHOP}&state=${state}&limit=250`,
      );
      final += page.deliveries.length;
      for (const { lastError, lastStatus } of page.deliveries) {
        const word = lastError ?? String(lastStatus);
        words[word] = (words[word] ?? 0) + 1;
      }
    }
    if (final === count) return words;
  }
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync("ip", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ip ${args.join(" ")}: ${stderr}`);
}

function listen<Each extends Server>(server: Each, host: string): Promise<Each> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(PORT, host, () => resolve(server));
  });
}

await main();
