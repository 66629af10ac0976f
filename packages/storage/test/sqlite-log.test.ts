import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildApp, buildCommit, buildEvent, buildInstallation, buildShop, buildSubscription } from "@genhook/testkit";
import { expect, test } from "vitest";
import { openSqliteStore } from "../src/index.ts";

const S = buildSubscription(8_589_934_901, 1, 1);
const EVENT_BYTES = 200_000;
/** Seen to be used again: so much was committed since the file last grew. */
const AGAIN_BYTES = 20_000_000;
const COMMITTED_MAX = 900_000_000;

test("a load that never pauses: the log beside the file is used again, and does not grow for ever", async () => {
  const folder = mkdtempSync(join(tmpdir(), "genhook-log-"));
  const store = await openSqliteStore({ folder });
  try {
    const committed = await store.directory.commit(
      buildCommit({ shops: [buildShop(1)], apps: [buildApp(1)], installations: [buildInstallation(1, 1)], subscriptions: [S] }),
      1,
    );
    const version = committed.kind === "committed" ? committed.version : 0;
    const payload = new Uint8Array(EVENT_BYTES).fill(0x20);
    let log = 0;
    let bytes = 0;
    let grownAt = 0;
    const load = async (): Promise<void> => {
      while (bytes - grownAt < AGAIN_BYTES && bytes < COMMITTED_MAX) {
        await store.events.append([buildEvent([S], { payload })], version);
        bytes += EVENT_BYTES;
        const { size } = statSync(join(folder, "genhook.db-wal"));
        if (size > log) grownAt = bytes;
        log = size;
      }
    };
    // Several at once: there is always a next one when one is committed.
    await Promise.all([load(), load(), load(), load()]);
    expect(bytes, `${log} bytes of log`).toBeLessThan(COMMITTED_MAX);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
