export { RabbitSource, type RabbitRecord, type RabbitSourceOptions } from "./rabbitmq-source.ts";
