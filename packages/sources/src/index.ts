export { Intake, type IntakeCounts, type IntakeOptions } from "./intake/intake.ts";
export type { Log } from "./intake/log.ts";
export type { Backlog, Refusal, Room, Source, SourceRecord } from "./intake/source.ts";
