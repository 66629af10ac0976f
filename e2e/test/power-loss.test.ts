import { whyMissing } from "@genhook/testkit";
import { expect, test } from "vitest";
import { losePower } from "../src/power-loss/power-loss.ts";

const missing = process.platform === "linux" ? whyMissing("cc") : "the recorder is made for Linux";
if (missing !== null) console.log(`power cuts are not tried: ${missing}`);

test.skipIf(missing !== null)(
  "the power is cut before any sync: what was answered 202 is there, nothing contradicts itself, and a server works on",
  async () => {
    const seed = Date.now() % 1_000_000;
    const report = await losePower({ events: 40, every: 12, starts: 2, seed });
    console.log(`power loss, seed ${seed}: ${JSON.stringify({ ...report, lost: report.lost.length })}`);
    expect(report).toMatchObject({ lost: [], renumbered: [], breaches: [], failures: [] });
    expect(report.accepted).toBeGreaterThan(40);
    expect(report.cuts).toBeGreaterThan(20);
    expect(report.starts).toBeGreaterThan(3);
  },
);

test.skipIf(missing !== null)(
  "a disk that says its log is synced when it is not is found out: the look at what is left can fail",
  async () => {
    const report = await losePower({ events: 40, every: 10, starts: 0, seed: 1, isLying: true });
    expect(report.lost.length).toBeGreaterThan(0);
  },
);
