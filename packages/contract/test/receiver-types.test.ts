import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { DELIVERY_HEADERS } from "@genhook/contract";
import { expect, it } from "vitest";
import { HEADERS } from "../../receiver/src/headers.ts";
import { receiverSamples, receiverTopics } from "../scripts/receiver-types.ts";

function golden(name: string, content: string): void {
  const folder = new URL("../../receiver/src/generated/", import.meta.url);
  const url = new URL(name, folder);
  mkdirSync(folder, { recursive: true });
  if (process.env["GENHOOK_UPDATE_GOLDEN"] !== undefined || !existsSync(url)) writeFileSync(url, content);
  expect(content).toBe(readFileSync(url, "utf8"));
}

it("the receiver kit's types are the topic table's", () => golden("topics.ts", receiverTopics()));

it("the receiver kit's samples are the topic table's", () => golden("samples.ts", receiverSamples()));

it("the receiver kit reads the headers that a delivery carries", () => {
  // The trace is for whatever traces the receiver.
  const { standardId, standardTimestamp, standardSignature, traceparent: _, ...genstore } = DELIVERY_HEADERS;
  expect(HEADERS).toEqual({ ...genstore, id: standardId, timestamp: standardTimestamp, signature: standardSignature });
});
