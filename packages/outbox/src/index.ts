export { OutboxError, type OutboxErrorCode } from "./error.ts";
export { eventText } from "./event-text.ts";
export { readEvent, type OutboxEvent, type OutboxRow } from "./event.ts";
export { insertEvent, insertEventSync, type Inserted, type PrismaTransaction, type QueryClient, type SqliteDatabase } from "./insert.ts";
export { postgresSchema, sqliteSchema, type PostgresSchemaOptions } from "./schema.ts";
export { outboxInsert, type OutboxStatement } from "./statement.ts";
export { tablesOf, type OutboxTables, type TableOptions } from "./tables.ts";
