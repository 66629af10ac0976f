import type { Store } from "@genhook/core";
import { openPostgresStore, openSqliteStore } from "@genhook/storage";
import type { Logger } from "pino";
import type { Settings } from "./settings/resolve-settings.ts";

/** The embedded store, or PostgreSQL where its URL is given. */
export function openStore(settings: Settings, log: Logger, onFatal: (error: Error) => void): Promise<Store> {
  const { database, hintsDatabase } = settings;
  if (database === null) return openSqliteStore({ folder: settings.data, onFatal });
  return openPostgresStore({
    url: database,
    ...(hintsDatabase === null ? {} : { hintsUrl: hintsDatabase }),
    onIdleError: (error) => log.warn({ err: error }, "a connection to the database was lost"),
    onHints: (why) => {
      if (why === null) log.info("hints from other processes arrive again");
      else log.warn({ why }, "hints from other processes do not arrive, so what they publish is found by scanning: see --hints-database");
    },
  });
}
