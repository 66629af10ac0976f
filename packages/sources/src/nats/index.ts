export { NatsSource, type NatsRecord, type NatsSourceOptions } from "./nats-source.ts";
