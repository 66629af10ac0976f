import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { startEndpoint } from "@genhook/testkit";
import { expect, test } from "vitest";
import { makeFolder, ServerProcess, SHOP } from "../src/server-process.ts";

/** Something that nothing else contains, made anew each time. */
const mark = (what: string): string => `${what}-${randomBytes(12).toString("hex")}`;

/** What must be written nowhere, and how each is named when it is. */
const SECRETS = {
  platformKey: mark("platform-key"),
  madeKey: "",
  sealingKey: randomBytes(32).toString("base64"),
  clientSecret: mark("client-secret"),
  signingSecret: `whsec_${randomBytes(32).toString("base64")}`,
  stagedSecret: "",
  accessToken: mark("access-token"),
  guessedKey: mark("guessed-key"),
  guessedToken: mark("guessed-token"),
  setCookie: mark("cookie"),
  authorization: mark("authorization"),
  challenge: mark("challenge"),
  proxyPassword: mark("proxy-password"),
};
/** Personal data: in the data file, and where a payload is asked for, but in no log, metric, audit or error. */
const PAYLOADS = { good: mark("payload"), misfit: mark("misfit"), broken: mark("broken"), line: mark("line"), key: mark("idempotency") };

/** Spellings in which a secret may have been written: itself, its bytes, and how they look in common encodings. */
function spellings(secret: string): Buffer[] {
  const text = Buffer.from(secret);
  const bare = secret.replace(/^whsec_/, "");
  const bytes = Buffer.from(bare, "base64");
  const all = [
    text,
    Buffer.from(bare),
    Buffer.from(text.toString("base64").replace(/=+$/, "")),
    Buffer.from(text.toString("hex")),
    Buffer.from(encodeURIComponent(secret)),
  ];
  return secret === bytes.toString("base64") || secret.startsWith("whsec_") ? [...all, bytes, Buffer.from(bytes.toString("hex"))] : all;
}

function findIn(bytes: Buffer, secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets).flatMap(([name, secret]) =>
    secret !== "" && spellings(secret).some((each) => bytes.includes(each)) ? [name] : [],
  );
}

interface Answered {
  readonly status: number;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test looks into answers freely
  readonly body: any;
}

test("a whole run writes no secret anywhere: log, metrics, audit, answers, files, crash", async () => {
  const folder = makeFolder();
  const endpoint = await startEndpoint({
    answer: (_, count) => (response) =>
      response
        .writeHead(count % 2 === 0 ? 200 : 500, {
          "set-cookie": [`session=${SECRETS.setCookie}`],
          authorization: `Bearer ${SECRETS.authorization}`,
          "www-authenticate": `Basic realm="${SECRETS.challenge}"`,
        })
        .end("fine"),
  });
  const proxied = new ServerProcess(["serve", "--port", "0", "--data", join(folder.path, "proxied"), "--log-level", "debug"], {
    GENHOOK_PLATFORM_KEY: SECRETS.platformKey,
    GENHOOK_EGRESS_PROXY: `http://user:${SECRETS.proxyPassword}@127.0.0.1:9`,
    GENHOOK_SEALING_KEY: SECRETS.sealingKey,
    GENHOOK_ALLOW_PRIVATE_ADDRESSES: "true",
    GENHOOK_RETRY_WAITS: "none",
  });
  const server = new ServerProcess(
    [
      "serve",
      "--port",
      "0",
      "--data",
      join(folder.path, "data"),
      "--allow-private-addresses",
      "--log-level",
      "debug",
      "--retry-waits",
      "none",
      "--keep-responses",
      "all",
    ],
    { GENHOOK_PLATFORM_KEY: SECRETS.platformKey, GENHOOK_SEALING_KEY: SECRETS.sealingKey },
  );
  /** Answers that show nothing which their caller did not ask for. */
  const answers: string[] = [];
  const call = async (
    origin: string,
    method: string,
    path: string,
    body?: unknown,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Answered> => {
    const headers = { Authorization: `Bearer ${SECRETS.platformKey}`, "Content-Type": "application/json", ...more };
    const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    const response = await fetch(origin + path, { method, headers, ...sent });
    const text = await response.text();
    return { status: response.status, text, body: text.startsWith("{") ? (JSON.parse(text) as unknown) : null };
  };
  const scenario = async (origin: string): Promise<void> => {
    const keep = async (...args: [string, string, unknown?, Readonly<Record<string, string>>?]): Promise<Answered> => {
      const answer = await call(origin, ...args);
      answers.push(answer.text);
      return answer;
    };
    await keep("PUT", `/platform/v1/shops/${SHOP}`, { plan: "advanced" });
    // Answers to these show their secrets, once, to whoever makes them.
    const { clientId } = (
      await call(origin, "POST", "/platform/v1/apps", {
        name: "app",
        clientSecret: SECRETS.clientSecret,
        signingSecret: SECRETS.signingSecret,
      })
    ).body.app as { clientId: string };
    await call(origin, "POST", "/platform/v1/installations", {
      clientId,
      shop: SHOP,
      scopes: ["read_orders", "write_apps"],
      accessToken: SECRETS.accessToken,
    });
    SECRETS.madeKey = (await call(origin, "POST", "/platform/v1/keys", { name: "made", role: "read" })).body.key.key as string;
    SECRETS.stagedSecret = (await call(origin, "POST", `/platform/v1/apps/${clientId}/secrets`, { kind: "signing", step: "stage" })).body
      .secret.secret as string;
    const asApp = { "X-Genstore-Access-Token": SECRETS.accessToken };
    await keep("POST", "/api/202412/app/webhooks", { webhook: { topic: "orders/create", address: `${endpoint.url}/hooks` } }, asApp);
    const publish = (payload: unknown): Promise<Answered> =>
      keep("POST", "/platform/v1/events", { shop: SHOP, topic: "orders/create", idempotencyKey: PAYLOADS.key, payload });
    await publish({ order: { id: "1", note: PAYLOADS.good } });
    await publish({ order: { id: "1", note: `${PAYLOADS.good} again` } });
    await keep("POST", "/platform/v1/events", { shop: SHOP, topic: "orders/create", payload: { order: PAYLOADS.misfit } });
    await keep("POST", "/platform/v1/events", `{"shop":"${SHOP}","payload":{"note":"${PAYLOADS.broken}" oops}}`);
    await keep("POST", "/platform/v1/events", `{"note": "${PAYLOADS.line}"\n`, { "Content-Type": "application/x-ndjson" });
    // What is wrong about credentials, and with them.
    await keep("GET", "/platform/v1/shops", undefined, { Authorization: `Bearer ${SECRETS.guessedKey}` });
    await keep("GET", "/platform/v1/shops", undefined, { Authorization: `Basic ${SECRETS.guessedKey}` });
    await keep("GET", "/api/202412/app/webhooks", undefined, { "X-Genstore-Access-Token": SECRETS.guessedToken });
    await keep("POST", "/platform/v1/apps", {
      name: "app",
      clientId,
      clientSecret: SECRETS.clientSecret,
      signingSecret: SECRETS.signingSecret,
    });
    await keep("POST", "/platform/v1/apps", { name: 1, clientSecret: SECRETS.clientSecret, signingSecret: SECRETS.signingSecret });
    await keep("POST", "/platform/v1/installations", { clientId, shop: SHOP, scopes: [], accessToken: SECRETS.accessToken });
    for (;;) {
      const list = await call(origin, "GET", `/platform/v1/deliveries?shop=${SHOP}`);
      if (list.body.deliveries.some((each: { attemptCount: number }) => each.attemptCount > 0)) break;
    }
    for (const path of [
      "/apps",
      `/apps/${clientId}`,
      "/shops",
      "/installations",
      "/keys",
      "/audit",
      "/deliveries?state=dead",
      "/deliveries?state=delivered",
      "/stats",
      "/endpoints",
      "/webhooks",
    ]) {
      const answer = await keep("GET", `/platform/v1${path}`);
      expect([path, answer.status]).toEqual([path, 200]);
    }
    const { deliveries } = (await call(origin, "GET", `/platform/v1/deliveries?shop=${SHOP}`)).body as { deliveries: { id: string }[] };
    for (const { id } of deliveries) {
      await keep("GET", `/platform/v1/deliveries/${id}`);
      await keep("GET", `/api/202412/app/deliveries/${id}`, undefined, asApp);
      await keep("POST", `/platform/v1/deliveries/${id}/replay`);
    }
    for (const path of ["/metrics", "/readyz", "/healthz", "/openapi.json", "/docs"]) await keep("GET", path);
  };
  await scenario(await proxied.listening());
  await scenario(await server.listening());
  proxied.kill("SIGTERM");
  await proxied.exited;
  // What a crash leaves behind: nothing is tidied up.
  server.kill("SIGABRT");
  await server.exited;
  await endpoint.close();

  const files = readdirSync(folder.path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const contents = Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))));
  const output = Buffer.from(server.output + proxied.output);
  const answered = Buffer.from(answers.join("\n"));
  folder.remove();
  expect(files.map(({ name }) => name)).toContain("genhook.db");
  // That there is something to find, and that it would be found.
  expect(
    contents.includes(createHash("sha256").update(SECRETS.accessToken).digest("hex")) ||
      contents.includes(createHash("sha256").update(SECRETS.accessToken).digest()),
  ).toBe(true);
  expect(findIn(contents, PAYLOADS)).toContain("good");
  expect(output.length).toBeGreaterThan(100);
  expect(answered.length).toBeGreaterThan(10_000);
  expect({ inFiles: findIn(contents, SECRETS), inOutput: findIn(output, SECRETS), inAnswers: findIn(answered, SECRETS) }).toEqual({
    inFiles: [],
    inOutput: [],
    inAnswers: [],
  });
  expect({ inOutput: findIn(output, PAYLOADS), inAnswers: findIn(answered, PAYLOADS) }).toEqual({ inOutput: [], inAnswers: [] });
});
