import { shardOf, type EndpointState, type EndpointStates } from "@genhook/core";
import { text } from "../columns.ts";
import type { Database, Row } from "./database.ts";

/** What is kept of endpoints (`EndpointStates`). */
export function endpointStates(database: Database): EndpointStates {
  return {
    save: async (states) => {
      if (states.length === 0) return;
      await database.query(
        "settle",
        `INSERT INTO endpoint_state (endpoint, shard, updated_at, body)
         SELECT * FROM unnest($1::text[], $2::smallint[], $3::bigint[], $4::text[]) AS s (endpoint, shard, updated_at, body) ORDER BY endpoint
         ON CONFLICT (endpoint) DO UPDATE SET updated_at = excluded.updated_at, body = excluded.body WHERE endpoint_state.updated_at <= excluded.updated_at`,
        [
          states.map((state) => state.endpoint),
          states.map((state) => shardOf(state.endpoint)),
          states.map((state) => state.updatedAt),
          states.map((state) => JSON.stringify(state)),
        ],
      );
    },
    read: async (endpoints) =>
      (await database.query("read", "SELECT body FROM endpoint_state WHERE endpoint = ANY($1::text[])", [endpoints])).map(toState),
    ofShards: async (shards) =>
      (await database.query("read", "SELECT body FROM endpoint_state WHERE shard = ANY($1::smallint[])", [shards])).map(toState),
    forget: async (endpoints) => {
      await database.query("settle", "DELETE FROM endpoint_state WHERE endpoint = ANY($1::text[])", [endpoints]);
    },
    askProbe: async (endpoint, at) =>
      (await database.query("settle", "UPDATE endpoint_state SET probe_asked_at = $2 WHERE endpoint = $1 RETURNING 1", [endpoint, at]))
        .length > 0,
    takeProbes: async (shards) => {
      const rows = await database.query(
        "settle",
        "UPDATE endpoint_state SET probe_asked_at = NULL WHERE probe_asked_at IS NOT NULL AND shard = ANY($1::smallint[]) RETURNING endpoint",
        [shards],
      );
      return rows.map((row) => text(row["endpoint"]));
    },
  };
}

function toState(row: Row): EndpointState {
  return JSON.parse(text(row["body"])) as EndpointState;
}
