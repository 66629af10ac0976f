import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { startDnsServer, startRawEndpoint } from "@genhook/testkit";
import type { Outcome } from "@genhook/core";
import { expect, test } from "vitest";
import { dnsResolve } from "../../src/send/dns-resolve.ts";
import { Harness } from "../harness.ts";
import { makeSender, wordOf } from "./sending.ts";

/** Ways to open a connection, by what has to be written for it. */
const OPENS = /\bfetch\(|from "(?:node:(?:http2?|https|net|tls|dgram)|undici|nodemailer)"/;
/** Where that is done on a tenant's behalf, behind the guard. */
const GUARDED = "send/";
/** And where not: the server's own listening, and the operator's own mail server. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  // Types, status texts, isIP and block lists, and who connects to this server.
  "node:http": ["http/", "portal/", "compose-http.ts"],
  "node:net": ["http/caller-url.ts", "settings/", "topics/"],
  "node:tls": ["contact/notice-mail.ts", "settings/", "compose.ts"],
  nodemailer: ["contact/notice-mail.ts"],
};

test("nothing but the guarded sender, and the operator's own mail server, is connected to", () => {
  const root = fileURLToPath(new URL("../../src/", import.meta.url));
  const found = globSync("**/*.ts", { cwd: root }).flatMap((file) => {
    if (file.startsWith(GUARDED)) return [];
    const text = readFileSync(root + file, "utf8");
    return text
      .split("\n")
      .filter((line) => OPENS.test(line) && !line.startsWith("import type"))
      .filter((line) => {
        const module = /from "([^"]+)"/.exec(line)?.[1] ?? "fetch";
        return OTHERS[module]?.some((allowed) => file.startsWith(allowed)) !== true;
      })
      .map((line) => `${file}: ${line.trim()}`);
  });
  expect(found).toEqual([]);
});

test("what is posted to an app's contact goes through the same guard: literals and names", async () => {
  const canary = await startRawEndpoint({});
  const names = await startDnsServer(() => ["127.0.0.1"]);
  const sender = makeSender({ allowPrivate: false, resolve: dnsResolve({ servers: [names.address] }) });
  const post = (url: string): Promise<Outcome> =>
    new Promise((resolve) => {
      sender.post(url, () => [], Buffer.from("{}"), resolve);
    });
  const words = [];
  for (const host of ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "app.example.com"])
    words.push(wordOf(await post(`https://${host}:${canary.port}/`)));
  expect(words).toEqual(words.map(() => "address_refused"));
  expect(canary.connections).toBe(0);
  await sender.close();
  await names.close();
  await canary.close();
});

test("a contact's address is checked as a webhook's is", async () => {
  const harness = await new Harness().start({ "allow-private-addresses": "false" });
  const answers = [];
  for (const url of ["https://169.254.169.254/", "https://localhost/", "http://app.example.com/", "https://user@app.example.com/"]) {
    const answer = await harness.call("POST", "/platform/v1/apps", { name: "app", contact: { url } });
    answers.push([answer.status, answer.body.code, answer.body.member]);
  }
  await harness.stop();
  expect(answers).toEqual([
    [422, "address_refused", "contact.url"],
    [422, "address_refused", "contact.url"],
    [422, "address_not_https", "contact.url"],
    [422, "address_has_user_info", "contact.url"],
  ]);
});
