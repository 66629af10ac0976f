import type { EventFields } from "../event.ts";
import type { Inbox } from "../inbox.ts";
import { REMEMBER_MS } from "../limits.ts";
import { isWantedAgain, type ReplayOptions } from "../process-once.ts";
import { tablesOf } from "../table-prefix.ts";
import type { ConnectionOf, PostgresClient, PostgresPool } from "./client.ts";
import { forgetting, type PostgresOptions } from "./store.ts";

/**
 * Marks the delivery in a transaction that the caller has begun, with any client that runs statements (an ORM's too). False: it was processed
 * before; do nothing. An attempt of the same delivery in another transaction waits here until the first one has ended, and then sees how.
 */
export async function markReceived(
  transaction: PostgresClient,
  event: EventFields,
  options: PostgresOptions & ReplayOptions = {},
): Promise<boolean> {
  const { delivery: table } = tablesOf(options);
  const { rows } = await transaction.query(
    `${forgetting(table, "$1::text", "$2")}
    INSERT INTO ${table} AS d (id, processed, seen_at) VALUES ($1, true, clock_timestamp())
    ON CONFLICT (id) DO UPDATE SET processed = true, token = NULL, claimed_until = NULL, seen_at = EXCLUDED.seen_at
    WHERE NOT d.processed OR $3::boolean RETURNING id`,
    [event.deliveryId, options.rememberMs ?? REMEMBER_MS, isWantedAgain(event, options)],
  );
  return rows.length > 0;
}

/** An inbox in PostgreSQL: `work` gets a connection with the transaction open. `setUpPostgres` makes its table. */
export function postgresInbox<Pool extends PostgresPool>(pool: Pool, options: PostgresOptions = {}): Inbox<ConnectionOf<Pool>> {
  return {
    async process(event, work, replays = {}) {
      const connection = await pool.connect();
      let isUsable = true;
      try {
        await connection.query("BEGIN", []);
        if (!(await markReceived(connection, event, { ...options, ...replays }))) {
          await connection.query("ROLLBACK", []);
          return "duplicate";
        }
        await work(connection as ConnectionOf<Pool>);
        await commit(connection);
        return "processed";
      } catch (error) {
        isUsable = await connection.query("ROLLBACK", []).then(
          () => true,
          () => false,
        );
        throw error;
      } finally {
        connection.release(!isUsable);
      }
    },
  };
}

/** PostgreSQL answers the COMMIT of a transaction in which a statement failed with ROLLBACK, and no error: work that swallowed the failure is lost. */
async function commit(connection: PostgresClient): Promise<void> {
  const { command } = (await connection.query("COMMIT", [])) as { readonly command?: unknown };
  if (command === "ROLLBACK") throw new Error("A statement of the work failed and its error was caught: nothing was committed.");
}
