import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { fillDisk } from "../src/disk-full.ts";

/** A file system of its own is Linux's, and not every container may mount one. */
const canMount = spawnSync("unshare", ["--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs /mnt"]).status === 0;

test.skipIf(!canMount)(
  `a full disk: publishing is refused with 503 and a time, and goes on without a restart; nothing accepted is lost${canMount ? "" : " (no right to mount here)"}`,
  async () => {
    const report = await fillDisk(2);
    const { output, ...counts } = report;
    console.log(JSON.stringify(counts));
    expect(Object.keys(report.statuses)).toEqual(["202", "503"]);
    expect(report.retryAfter).toBe(report.statuses["503"]);
    expect(report.lost).toBe(0);
    expect(report.repeated).toBe(0);
    expect(report.changes).toEqual([503, 503]);
    expect(report.ready).toEqual([200, 200]);
    expect(output).toContain("database or disk is full");
  },
);
