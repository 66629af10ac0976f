export type { ConnectionOf, PostgresClient, PostgresConnection, PostgresPool } from "./client.ts";
export { markReceived, postgresInbox } from "./inbox.ts";
export { postgresPositions } from "./positions.ts";
export { postgresSchema, setUpPostgres } from "./schema.ts";
export { postgresStore, type PostgresOptions } from "./store.ts";
