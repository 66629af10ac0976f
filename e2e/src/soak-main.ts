import { parseArgs } from "node:util";
import { growthOf, soak } from "./soak.ts";

/** `npm run soak -- --minutes 30`: at 70 % of what the server can take, memory and files must not grow. See docs/reliability.md. */
const { values } = parseArgs({
  options: { minutes: { type: "string", default: "30" }, share: { type: "string", default: "0.7" } },
});

/** Over the time behind the warm-up, as a share of what there was at its beginning. */
const GROWTH_MAX = 0.1;
/** The log begins again at its start once it has 64 MiB, at the latest; what is committed while it does comes on top. */
const LOG_MAX_MIB = 80;

const report = await soak({ minutes: Number(values.minutes), share: Number(values.share), calibrateMs: 15_000 });
const [resident, file] = [growthOf(report.residentMib), growthOf(report.fileMib)];
console.log(
  JSON.stringify({ ...report, residentGrowth: `${(resident * 100).toFixed(1)} %`, fileGrowth: `${(file * 100).toFixed(1)} %` }, null, 2),
);
process.exitCode = resident <= GROWTH_MAX && file <= GROWTH_MAX && report.logMibMax <= LOG_MAX_MIB && report.lost === 0 ? 0 : 1;
