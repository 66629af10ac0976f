import { randomUUID } from "node:crypto";
import { CURRENT_VERSION, type Topic, type TopicTable } from "@genhook/contract";
import { readPaths, refuseSelection, updateSettings, type EventPayload, type Payloads, type SettingsUpdate } from "@genhook/core";
import { fail, refusalError, valueOf } from "./api-error.ts";
import type { AppHandler } from "./app-api.ts";
import type { AppWideHandler } from "./app-wide/app-wide-api.ts";
import { readJson, type Call, type Reply } from "./call.ts";
import type { Handler } from "./directory-api.ts";
import { membersOf, skipSpace } from "./json-bytes.ts";

interface FilterTestBody extends SettingsUpdate {
  readonly topic?: string;
  readonly payload?: unknown;
  readonly eventChanged?: readonly string[];
  readonly apiVersion?: string;
}

/** Tries out what a webhook with these settings would be sent. The same for operators, who say which version, and for apps, who have one. */
export function filterTestHandlers(
  topics: TopicTable["byName"],
  payloads: Payloads,
): { readonly testFilter: Handler; readonly testOwnFilter: AppHandler; readonly testAppFilter: AppWideHandler } {
  return {
    testAppFilter: (call, { app }) => testFilter(call, topics, payloads, app.apiVersion),
    testFilter: (call) => testFilter(call, topics, payloads, null),
    testOwnFilter: (call, { app }) => testFilter(call, topics, payloads, app.apiVersion),
  };
}

async function testFilter(call: Call, topics: TopicTable["byName"], payloads: Payloads, ownVersion: string | null): Promise<Reply> {
  const { value, bytes } = await readJson(call);
  const { topic: name, payload: _, eventChanged, apiVersion, ...given } = value as FilterTestBody;
  const topic = name === undefined ? null : (topics.get(name) ?? fail("unknown_topic", `There is no topic "${name}".`, "topic"));
  const settings = updateSettings({}, given);
  const refusal = refuseSelection(settings, topic, "");
  if (refusal !== null) throw refusalError(refusal);
  valueOf(readPaths(eventChanged ?? [], topic?.root ?? null, "eventChanged"));
  const version = ownVersion ?? apiVersion ?? CURRENT_VERSION;
  const event: EventPayload = {
    id: randomUUID(),
    topic: topic?.name ?? "",
    apiVersion: CURRENT_VERSION,
    changed: eventChanged ?? null,
    payload: payloadOf(bytes, topic),
  };
  const selection = payloads.selectionOf(event);
  const reason = selection.select(settings, version);
  const matches = reason === "matched" || reason === "filter_failed";
  const body = payloads.bodyOf(event, version, settings.fields);
  const test = { matches, reason, detail: selection.explain(settings, version), apiVersion: body.apiVersion };
  // The payload goes in as the bytes that would be sent.
  const sent = matches ? Buffer.from(body.payload).toString("utf8") : "null";
  const content = `{"test":${JSON.stringify(test).slice(0, -1)},"payload":${sent}}}`;
  return { text: { type: "application/json; charset=utf-8", content } };
}

/** The bytes of the payload as the caller wrote them, or those of the topic's sample. */
function payloadOf(bytes: Buffer, topic: Topic | null): Uint8Array {
  const given = membersOf(bytes, skipSpace(bytes, 0)).find((member) => member.name === "payload");
  if (given !== undefined) return bytes.subarray(given.start, given.end);
  return topic === null
    ? fail("missing_member", "Send a payload, or a topic, whose sample is used then.", "payload")
    : Buffer.from(JSON.stringify(topic.sample));
}
