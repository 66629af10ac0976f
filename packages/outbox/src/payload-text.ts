import { OutboxError } from "./error.ts";
import { JSON_DEPTH_MAX, PAYLOAD_BYTES_MAX } from "./limits.ts";

const encoder = new TextEncoder();

/** A payload as the text that is kept and sent: an object is written as JSON, text is taken as it is. Throws `OutboxError`. */
export function payloadText(payload: unknown): string {
  if (payload === undefined) throw new OutboxError("missing_member", "payload", "payload is required: an object, or JSON text of one.");
  const text = typeof payload === "string" ? payload : written(payload);
  checkObject(text, typeof payload === "string");
  const bytes = encoder.encode(text).length;
  if (bytes > PAYLOAD_BYTES_MAX) {
    throw new OutboxError("body_too_large", "payload", `The payload has ${bytes} bytes; at most ${PAYLOAD_BYTES_MAX} are allowed.`);
  }
  // The event around it is a level of its own.
  if (depthOf(text) > JSON_DEPTH_MAX - 1) {
    throw new OutboxError("malformed_json", "payload", `The payload is nested deeper than ${JSON_DEPTH_MAX - 1} levels.`);
  }
  return text;
}

function written(payload: unknown): string {
  if (typeof payload !== "object" || payload === null || Array.isArray(payload)) throw noObject();
  try {
    return JSON.stringify(payload);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const advice = why.includes("BigInt") ? " Write 64-bit ids as text, or give the payload as JSON text." : "";
    throw new OutboxError("malformed_json", "payload", `The payload cannot be written as JSON: ${why}.${advice}`);
  }
}

function checkObject(text: string, wasText: boolean): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new OutboxError("malformed_json", "payload", wasText ? `The payload's text is not JSON: ${why}` : "The payload is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw noObject();
  if (/\p{Surrogate}/u.test(text)) {
    throw new OutboxError(
      "malformed_json",
      "payload",
      "The payload's text has half of a surrogate pair, which UTF-8 cannot hold; escape it.",
    );
  }
}

function noObject(): OutboxError {
  return new OutboxError("invalid_member", "payload", "payload must be an object, or JSON text of one.");
}

/** How deep objects and lists of a JSON text are nested. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isText = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (isText) {
      if (character === "\\") at += 1;
      else if (character === '"') isText = false;
    } else if (character === '"') isText = true;
    else if (character === "{" || character === "[") {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (character === "}" || character === "]") depth -= 1;
  }
  return deepest;
}
