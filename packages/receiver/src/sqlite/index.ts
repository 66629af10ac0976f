export type { SqliteDatabase, SqliteOptions, SqliteStatement } from "./database.ts";
export { sqliteInbox } from "./inbox.ts";
export { sqlitePositions } from "./positions.ts";
export { sqliteStore } from "./store.ts";
