export { moveToPostgres, type MoveOptions, type MoveReport } from "./move/move-to-postgres.ts";
export { openMemoryCluster, openMemoryStore, type MemoryCluster, type MemoryClusterOptions } from "./memory/memory-store.ts";
export { backupSqlite, restoreSqlite, type BackupReport, type RestoreReport } from "./sqlite/backup.ts";
export { openSqliteCheckReader } from "./sqlite/check-reader.ts";
export { openSqliteStore, type SqliteStoreOptions } from "./sqlite/open.ts";
export { StoreOpenError, type StoreOpenErrorCode } from "./open-error.ts";
export { openPostgresCheckReader } from "./postgres/check-reader.ts";
export { openPostgresStore, type PostgresStoreOptions } from "./postgres/open.ts";
export { TokenBuckets } from "./token-buckets.ts";
