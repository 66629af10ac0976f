import { startThrowAwayPostgres, templateOf, withClient, type ThrowAwayPostgres } from "./throw-away-postgres.ts";

/** Where tests get PostgreSQL databases from. */
export interface TestDatabases {
  /** A new database: empty, or with all that another has (nobody may be connected to that). */
  create(from?: string): Promise<string>;
  readonly server: ThrowAwayPostgres | null;
  close(): Promise<void>;
}

/** The server that `GENHOOK_TEST_DATABASE` names (its user must be allowed to create databases), or a throw-away one. */
export async function openTestDatabases(): Promise<TestDatabases> {
  const given = process.env["GENHOOK_TEST_DATABASE"];
  if (given === undefined) {
    const server = await startThrowAwayPostgres();
    return { server, create: (from) => server.createDatabase(from), close: () => server.stop() };
  }
  const made: string[] = [];
  return {
    server: null,
    create: async (from) => {
      const name = `genhook_test_${process.pid}_${made.length}`;
      await withClient(given, (client) => client.query(`CREATE DATABASE ${name}${templateOf(from)}`));
      made.push(name);
      const url = new URL(given);
      url.pathname = `/${name}`;
      return url.href;
    },
    close: () =>
      withClient(given, async (client) => {
        for (const name of made) await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }),
  };
}
