/** UUID text ↔ the 16 bytes that are kept: ids stand in every index, and bytes are less than half of the text. */
export function toBytes(uuid: string): Uint8Array {
  return Buffer.from(uuid.replaceAll("-", ""), "hex");
}

export function toUuid(value: unknown): string {
  const hex = toHex(value);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function toHex(value: unknown): string {
  if (!(value instanceof Uint8Array)) throw new TypeError("a column that holds bytes holds something else");
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex");
}
