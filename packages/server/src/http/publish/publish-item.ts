import { compile, ENVELOPE_BYTES_MAX, EventEnvelope, PAYLOAD_BYTES_MAX, type ContractError } from "@genhook/contract";
import type { PublishRequest } from "@genhook/core";
import { JsonError, membersOf, skipSpace, valueEnd, type MemberSlice } from "../json-bytes.ts";
import { describeJsonError } from "../request-body.ts";

export type ItemResult = { readonly ok: true; readonly request: PublishRequest } | { readonly ok: false; readonly error: ContractError };

const checkEnvelope = compile(EventEnvelope);
/** One published item with everything around its payload. */
export const ITEM_BYTES_MAX: number = PAYLOAD_BYTES_MAX + ENVELOPE_BYTES_MAX;

/**
 * Reads one published item from its own bytes (UTF-8 was checked). The payload is the slice as the publisher wrote it: numbers, order of
 * members and white space survive. Checked in the order: size of the whole, JSON, size of its parts, shape; what is too large is
 * not even read.
 */
export function readItem(bytes: Buffer): ItemResult {
  if (bytes.length > ITEM_BYTES_MAX)
    return wrong(
      "body_too_large",
      `The event has ${bytes.length} bytes; at most ${PAYLOAD_BYTES_MAX} are allowed for its payload, and ${ENVELOPE_BYTES_MAX} around it.`,
      "payload",
    );
  let value: unknown;
  let members: readonly MemberSlice[];
  try {
    value = JSON.parse(bytes.toString("utf8"));
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return wrong("invalid_member", "An event must be an object with shop, topic and payload.", "body");
    }
    members = membersOf(bytes, skipSpace(bytes, 0));
  } catch (error) {
    return wrong("malformed_json", error instanceof JsonError ? error.message : `The event is not JSON: ${describeJsonError(error)}`);
  }
  const repeated = repeatedName(members);
  if (repeated !== null) return wrong("duplicate_member", `${repeated.slice(0, 100)} stands twice; send it once.`, repeated.slice(0, 100));
  return readMembers(bytes, value as Record<string, unknown>, members);
}

function repeatedName(members: readonly MemberSlice[]): string | null {
  const names = new Set<string>();
  for (const { name } of members) {
    if (names.has(name)) return name;
    names.add(name);
  }
  return null;
}

function readMembers(bytes: Buffer, value: Readonly<Record<string, unknown>>, members: readonly MemberSlice[]): ItemResult {
  const slice = members.find((member) => member.name === "payload");
  const payloadBytes = slice === undefined ? 0 : slice.end - slice.start;
  if (payloadBytes > PAYLOAD_BYTES_MAX) return tooLarge(payloadBytes);
  if (bytes.length - payloadBytes > ENVELOPE_BYTES_MAX) {
    return wrong(
      "body_too_large",
      `Everything around the payload has ${bytes.length - payloadBytes} bytes; at most ${ENVELOPE_BYTES_MAX} are allowed.`,
    );
  }
  const { payload, ...envelope } = value;
  const misfit = checkEnvelope(envelope);
  if (misfit !== null) return { ok: false, error: misfit };
  if (slice === undefined) return wrong("missing_member", "payload is required.", "payload");
  if (!isObject(payload)) return wrong("invalid_member", "payload must be an object.", "payload");
  const checked = envelope as unknown as Omit<PublishRequest, "payload" | "payloadValue">;
  const parts = { payload: ownBytes(bytes, slice.start, slice.end), payloadValue: payload };
  return { ok: true, request: Object.assign(checked, parts) };
}

/** The exact-bytes form: the body is the payload, the rest stood in headers. */
export function readExact(body: Buffer, envelope: Readonly<Record<string, unknown>>): ItemResult {
  if (body.length > PAYLOAD_BYTES_MAX) return tooLarge(body.length);
  const misfit = checkEnvelope(envelope);
  if (misfit !== null) return { ok: false, error: misfit };
  try {
    const payload: unknown = JSON.parse(body.toString("utf8"));
    valueEnd(body, skipSpace(body, 0));
    if (!isObject(payload)) return wrong("invalid_member", "The payload must be an object.", "payload");
    const checked = envelope as unknown as Omit<PublishRequest, "payload" | "payloadValue">;
    return { ok: true, request: { ...checked, payload: body, payloadValue: payload } };
  } catch (error) {
    return wrong("malformed_json", error instanceof JsonError ? error.message : `The body is not JSON: ${describeJsonError(error)}`);
  }
}

/** A view where the item is nearly all of what it was cut from; a copy where it would keep a whole batch in memory. */
function ownBytes(bytes: Buffer, start: number, end: number): Buffer {
  const view = bytes.subarray(start, end);
  return (end - start) * 2 >= bytes.buffer.byteLength ? view : Buffer.from(view);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tooLarge(bytes: number): ItemResult {
  return wrong("body_too_large", `The payload has ${bytes} bytes; at most ${PAYLOAD_BYTES_MAX} are allowed.`, "payload");
}

function wrong(code: ContractError["code"], message: string, member?: string): ItemResult {
  return { ok: false, error: member === undefined ? { code, message } : { code, message, member } };
}
