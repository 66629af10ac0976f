export { OutboxSource, type OutboxSourceOptions, type Wake } from "./outbox-source.ts";
export type { OutboxRecord } from "./outbox-record.ts";
export type { OutboxStatus, OutboxStore, OutboxStoreOptions, RefusedEvent } from "./outbox-store.ts";
export { PostgresOutbox, type QueryPool } from "./postgres-outbox.ts";
export { PostgresWake, type ListeningConnection, type ListeningPool } from "./postgres-wake.ts";
export { SqliteOutbox, type RelayDatabase } from "./sqlite-outbox.ts";
