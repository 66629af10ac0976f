/** What the kit needs of a PostgreSQL client or pool, inside a transaction or not: `pg`'s `Pool` and `Client`, Neon's, PGlite, or an own wrapper. */
export interface PostgresClient {
  query(text: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** What an inbox needs: connections of its own. `pg`'s `Pool`, Neon's. */
export interface PostgresPool {
  connect(): Promise<PostgresConnection>;
}

/** The type of a pool's connections, so that the work gets the client that it knows. */
export type ConnectionOf<Pool> = Pool extends { connect: { (): Promise<infer Connection>; (callback: never): unknown } }
  ? unknown extends Connection
    ? OnlyConnectionOf<Pool>
    : Connection
  : OnlyConnectionOf<Pool>;

/** Of a `connect` without a second form for callbacks. */
type OnlyConnectionOf<Pool> = Pool extends { connect(): Promise<infer Connection> } ? Connection : PostgresConnection;

export interface PostgresConnection extends PostgresClient {
  /** Gives the connection back; with `true` it is closed instead. */
  release(destroy?: boolean): void;
}

/** Milliseconds of a parameter as an interval. */
export const msOf = (parameter: string): string => `${parameter}::double precision * interval '1 millisecond'`;
