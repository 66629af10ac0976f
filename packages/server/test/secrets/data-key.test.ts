import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openMemoryStore } from "@genhook/storage";
import { afterEach, expect, test } from "vitest";
import { openSealing } from "../../src/secrets/data-key.ts";
import { Harness, ORDER } from "../harness.ts";

/** Several starts in a row, on a machine that may be busy. */
const STARTS_MS = 60_000;
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const OLD = randomBytes(32);
const NEW = randomBytes(32);

test("the sealing key is replaced: what was sealed opens, keyed hashes stay, and the old key opens nothing any more", async () => {
  const { credentials } = openMemoryStore();
  const first = await openSealing({ credentials, key: OLD, oldKey: null });
  const sealed = first.sealing.seal("secret");
  const replaced = await openSealing({ credentials, key: NEW, oldKey: OLD });
  expect([replaced.oldKey, replaced.sealing.open(sealed)]).toEqual(["replaced", "secret"]);
  expect(replaced.sealing.keyedHash("someone")).toBe(first.sealing.keyedHash("someone"));
  const after = await openSealing({ credentials, key: NEW, oldKey: OLD });
  expect([after.oldKey, after.sealing.open(sealed)]).toEqual(["not needed", "secret"]);
  await expect(openSealing({ credentials, key: OLD, oldKey: null })).rejects.toThrow("The sealing key is not the one");
  await expect(openSealing({ credentials, key: OLD, oldKey: OLD })).rejects.toThrow("Neither the sealing key nor the old one");
});

test("processes that replace it at once agree; one with another new key ends, and spoils nothing", async () => {
  const { credentials } = openMemoryStore();
  const { sealing } = await openSealing({ credentials, key: OLD, oldKey: null });
  const sealed = sealing.seal("secret");
  const all = await Promise.allSettled([NEW, NEW, randomBytes(32), NEW].map((key) => openSealing({ credentials, key, oldKey: OLD })));
  expect(all.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"]);
  for (const each of all) expect(each.status === "rejected" || each.value.sealing.open(sealed) === "secret").toBe(true);
  // A process that has been running all along needs no restart.
  expect(sealing.open(sealed)).toBe("secret");
});

test(
  "genhook serve with a new sealing key and the old one: deliveries are signed as before, the file no longer opens with the old key",
  async () => {
    const harness = new Harness();
    closers.push(() => harness.stop());
    await harness.start({ "sealing-key": OLD.toString("base64") });
    const endpoint = await harness.endpoint();
    const app = await harness.install();
    await harness.subscribe(app, "orders/create", endpoint.url);
    await harness.publish("orders/create", ORDER);
    await endpoint.waitFor(1);
    await harness.restart({ "sealing-key": NEW.toString("base64"), "old-sealing-key": OLD.toString("base64") });
    await harness.publish("orders/create", ORDER);
    await endpoint.waitFor(2);
    const [before, after] = endpoint.received;
    expect(after?.headers["x-genstore-hmac-sha256"]).toBe(before?.headers["x-genstore-hmac-sha256"]);
    await harness.restart({ "sealing-key": NEW.toString("base64") });
    await harness.genhook?.stop();
    await expect(harness.start({ "sealing-key": OLD.toString("base64") })).rejects.toThrow("The sealing key is not the one");
    await harness.start({ "sealing-key": NEW.toString("base64") });
  },
  STARTS_MS,
);

test(
  "a stolen data folder without its sealing key shows no secret",
  async () => {
    const harness = new Harness();
    closers.push(() => harness.stop());
    const clientSecret = `client-${randomBytes(24).toString("hex")}`;
    await harness.start({ "sealing-key": OLD.toString("base64") });
    const app = await harness.install({ clientSecret });
    await harness.genhook?.stop();
    const files = readdirSync(harness.folder, { recursive: true }).map((name) => join(harness.folder, String(name)));
    const bytes = Buffer.concat(files.map((file) => readFileSync(file)));
    expect(bytes.length).toBeGreaterThan(10_000);
    // Shows that secrets would be found: what is no secret is.
    expect(bytes.includes(app.clientId) || bytes.includes(Buffer.from(app.clientId, "hex"))).toBe(true);
    for (const secret of [clientSecret, app.signingSecret, app.token, OLD.toString("base64")]) {
      const raw = Buffer.from(secret.replace(/^(whsec_|gat_)/, ""), secret.startsWith("gat_") ? "base64url" : "base64");
      expect([secret, bytes.includes(secret), bytes.includes(raw)]).toEqual([secret, false, false]);
    }
    writeFileSync(join(harness.folder, "another-key"), randomBytes(32).toString("base64"));
    await expect(harness.start({ "sealing-key-file": join(harness.folder, "another-key") })).rejects.toThrow(
      "The sealing key is not the one",
    );
    await harness.start({ "sealing-key": OLD.toString("base64") });
  },
  STARTS_MS,
);
