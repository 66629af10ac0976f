import { shardOf, type EndpointState } from "@genhook/core";
import { text } from "../columns.ts";
import type { Connection } from "./connection.ts";
import type { Writer } from "./writer.ts";

const SAVE = `INSERT INTO endpoint_state (endpoint, shard, updated_at, body) VALUES (?, ?, ?, ?)
  ON CONFLICT (endpoint) DO UPDATE SET updated_at = excluded.updated_at, body = excluded.body WHERE updated_at <= excluded.updated_at`;

/** What is kept of endpoints (`EndpointStates`). Lists go in as JSON, so that a statement is prepared once. */
export function saveEndpointStates(writer: Writer, states: readonly EndpointState[]): void {
  writer.atomically(() => {
    for (const state of states)
      writer.connection.run(SAVE, state.endpoint, shardOf(state.endpoint), state.updatedAt, JSON.stringify(state));
  });
}

export function readEndpointStates(connection: Connection, endpoints: readonly string[]): EndpointState[] {
  return states(connection, "endpoint IN (SELECT value FROM json_each(?))", endpoints);
}

export function readStatesOfShards(connection: Connection, shards: readonly number[]): EndpointState[] {
  return states(connection, "shard IN (SELECT value FROM json_each(?))", shards);
}

export function forgetEndpointStates(writer: Writer, endpoints: readonly string[]): void {
  writer.atomically(() => {
    writer.connection.run("DELETE FROM endpoint_state WHERE endpoint IN (SELECT value FROM json_each(?))", JSON.stringify(endpoints));
  });
}

export function askProbe(connection: Connection, endpoint: string, at: number): boolean {
  return connection.run("UPDATE endpoint_state SET probe_asked_at = ? WHERE endpoint = ?", at, endpoint) > 0;
}

export function takeProbes(writer: Writer, shards: readonly number[]): string[] {
  const asked = "probe_asked_at IS NOT NULL AND shard IN (SELECT value FROM json_each(?))";
  return writer.atomically(() =>
    writer.connection
      .all(`UPDATE endpoint_state SET probe_asked_at = NULL WHERE ${asked} RETURNING endpoint`, JSON.stringify(shards))
      .map((row) => text(row["endpoint"])),
  );
}

function states(connection: Connection, where: string, values: readonly (string | number)[]): EndpointState[] {
  return connection
    .all(`SELECT body FROM endpoint_state WHERE ${where}`, JSON.stringify(values))
    .map((row) => JSON.parse(text(row["body"])) as EndpointState);
}
