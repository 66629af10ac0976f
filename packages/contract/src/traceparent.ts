/** W3C Trace Context 1, version 00: neither trace nor parent is all zeros. */
export const TRACEPARENT: RegExp = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

const LATER = /^(?!00|ff)[0-9a-f]{2}(-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})(?:-.*)?$/;

/**
 * Reads the header as its specification has it read: what is no trace context counts as none, and of a later version the parts of version 00
 * are used.
 */
export function readTraceparent(header: string | undefined): string | null {
  if (header === undefined) return null;
  const later = LATER.exec(header);
  const text = later === null ? header : `00${later[1] ?? ""}`;
  return TRACEPARENT.test(text) ? text : null;
}
