import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DirectoryService, Eraser, ERASE_EARLIEST_MS, firstTask, laneOf } from "@genhook/core";
import {
  buildApp,
  buildCommit,
  buildEvent,
  buildInstallation,
  buildSettlement,
  buildShop,
  buildSubscription,
  NOW,
  sha256,
} from "@genhook/testkit";
import { expect, test } from "vitest";
import { openSqliteStore } from "../src/index.ts";

const S = buildSubscription(8_589_934_901, 1, 1);
const ADA = sha256("ada").slice(0, 32);
/** Long enough for overflow pages of its own. */
const MARK = "ada.lovelace@example.com ".repeat(400);
const KEPT = "bob.babbage@example.com";

test("nothing of an erased customer is left in any of the files: not in pages, not in the log, not in kept responses", async () => {
  const folder = mkdtempSync(join(tmpdir(), "genhook-erasure-"));
  const inFiles = (text: string): string[] => readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(text));
  const store = await openSqliteStore({ folder });
  const directory = new DirectoryService({ store, now: () => NOW, onChange: () => undefined });
  await store.directory.commit(
    buildCommit({ shops: [buildShop(1)], apps: [buildApp(1)], installations: [buildInstallation(1, 1)], subscriptions: [S] }),
    1,
  );
  await directory.load();
  const payload = (text: string): Uint8Array => new TextEncoder().encode(`{"order":{"email":"${text}"}}`);
  const orders = Array.from({ length: 40 }, (_, n) =>
    buildEvent([S], { subjects: [ADA], payload: payload(`${n} ${MARK}`), orderKey: MARK }),
  );
  const other = buildEvent([S], { payload: payload(KEPT) });
  const request = buildEvent([], { topic: "customers/redact", subjects: [ADA], erases: "subjects", payload: payload(MARK) });
  await store.events.append([...orders, other, request], directory.directory.version);
  const body = new TextEncoder().encode(MARK.slice(0, 4_000));
  await store.tasks.settle(
    orders.slice(0, 20).map((order) =>
      buildSettlement(firstTask(order, { subscription: S.id, ...laneOf(S) }), "delivered", {
        row: { responseBody: body, responseHeaders: `x-customer: ${MARK.slice(0, 500)}` },
      }),
    ),
  );
  expect(inFiles("ada.lovelace")).not.toEqual([]);
  const clock = { now: () => NOW + ERASE_EARLIEST_MS, monotonic: () => 0 };
  await new Eraser({ store, directory, clock, onErased: () => undefined }).eraseDue(() => false);
  expect(inFiles("ada.lovelace")).toEqual([]);
  expect(inFiles(KEPT)).not.toEqual([]);
  await store.close();
  expect(inFiles("ada.lovelace")).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});
