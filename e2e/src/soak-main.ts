import { parseArgs } from "node:util";
import { growthOf, soak, type SoakReport } from "./soak.ts";

/** `npm run soak -- --minutes 30`: at 70 % of what the server can take, memory and files must not grow. See docs/reliability.md. */
const { values } = parseArgs({
  options: { minutes: { type: "string", default: "30" }, share: { type: "string", default: "0.7" } },
});

/** Over the time behind the warm-up, as a share of what there was at its beginning. */
const GROWTH_MAX = 0.1;
/** The log begins again within a second of having 64 MiB, unless the disk is behind: what is committed until then comes on top. Growth shows here as well. */
const LOG_MAX_MIB = 256;
const DAYS = 24;
/** The first and the last days are kept; retention looks four times a day. */
const DAYS_GONE_MIN = DAYS - 5;

const report = await soak({ minutes: Number(values.minutes), share: Number(values.share), calibrateMs: 15_000, days: DAYS });
const percent = (share: number): string => `${share < 0 ? "" : "+"}${(share * 100).toFixed(1)} %`;
const wrong = judge(report);
console.log(JSON.stringify(report, null, 2));
console.log(
  `${report.minutes} minutes: ${report.rate} events a second (${Number(values.share) * 100} % of ${report.capacity}), ${report.accepted} events, ${report.refused} refused, ` +
    `${report.lost} lost, ${report.repeated} repeated, ${report.expired + report.deadLetters} expired or dead letters of dead endpoints, ${report.days} days let go. Resident memory ${report.residentMib.from} MiB behind the warm-up, ${report.residentMib.to} at the end ` +
    `(${percent(growthOf(report.residentMib))}, ${report.residentMib.most} at most); data file ${report.fileMib.from} and ${report.fileMib.to} MiB (${percent(growthOf(report.fileMib))}), ` +
    `log ${report.logMibMax} MiB at most; ${report.pendingMax} owed at a time at most.`,
);
for (const each of wrong) console.log(`WRONG: ${each}`);
process.exitCode = wrong.length === 0 ? 0 : 1;

/** What is not as it has to be. */
function judge({ residentMib, fileMib, logMibMax, lost, days }: SoakReport): readonly string[] {
  const rules: readonly [isRight: boolean, says: string][] = [
    [growthOf(residentMib) <= GROWTH_MAX, `resident memory grows by more than ${percent(GROWTH_MAX)}`],
    [growthOf(fileMib) <= GROWTH_MAX, `the data file grows by more than ${percent(GROWTH_MAX)}`],
    [logMibMax <= LOG_MAX_MIB, `the log takes more than ${LOG_MAX_MIB} MiB`],
    [lost === 0, "events were lost"],
    [days >= DAYS_GONE_MIN, `only ${days} days were let go`],
  ];
  return rules.filter(([isRight]) => !isRight).map(([, says]) => says);
}
