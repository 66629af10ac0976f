import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { RebindingReport } from "../src/rebinding.ts";

const UNSHARE = ["--map-root-user", "--net"];
/** A namespace of its own is Linux's, and not every container may make one. */
const canUnshare = spawnSync("unshare", [...UNSHARE, "ip", "link", "set", "lo", "up"]).status === 0;

const why = canUnshare ? "" : " (no right to make a network namespace here)";
test.skipIf(!canUnshare)(
  `a rebinding name server: what was vetted is what is dialled, and nothing arrives at a private address${why}`,
  () => {
    const script = fileURLToPath(new URL("../src/rebinding.ts", import.meta.url));
    const { stdout, stderr } = spawnSync("unshare", [...UNSHARE, process.execPath, script], { encoding: "utf8" });
    expect(stdout, stderr).not.toBe("");
    const report = JSON.parse(stdout) as RebindingReport;
    console.log(stdout.trim());
    expect(report.arrivedAtCanaries).toBe(0);
    expect(report.arrivedAtPublic).toBe(report.words["200"]);
    expect(report.words["200"]).toBeGreaterThan(0);
    expect(report.words["address_refused"]).toBeGreaterThan(0);
    expect(Object.keys(report.words).toSorted()).toEqual(["200", "address_refused"]);
    expect(report.lookUps).toBeGreaterThan(5);
  },
);
