import { API_VERSIONS, type TopicTable } from "@genhook/contract";
import { Payloads, type PayloadsOptions } from "@genhook/core";

/** Payloads as the contract's topic table describes their versions. */
export function makePayloads(topics: TopicTable["byName"], onError: PayloadsOptions["onError"]): Payloads {
  return new Payloads({
    text: {
      decode: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"),
      encode: (text) => Buffer.from(text, "utf8"),
    },
    versions: API_VERSIONS,
    stepsTo: (topic, version) => topics.get(topic)?.versions[version as (typeof API_VERSIONS)[number]]?.fromNewer ?? [],
    onError,
  });
}
