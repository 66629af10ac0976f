export { Intake, type IntakeCounts, type IntakeOptions } from "./intake/intake.ts";
export { BrokerError } from "./brokers/broker-error.ts";
export type { Log } from "./intake/log.ts";
export { publishTo, type Publish, type PublishTarget } from "./intake/publish-to.ts";
export type { Backlog, Refusal, Room, Source, SourceRecord } from "./intake/source.ts";
