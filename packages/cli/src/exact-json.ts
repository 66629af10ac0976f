/** JSON.parse hands its reviver the text of a primitive (ECMAScript 2026), and JSON.rawJSON writes such a text again. */
interface ExactJson {
  parse(text: string, reviver: (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
}

const exact = JSON as unknown as ExactJson;

/**
 * Reads JSON so that `JSON.stringify` writes every number again as it came: 64-bit ids and `12.00` survive. A number that JavaScript holds
 * exactly in the same spelling is a number; any other is an object that only JSON.stringify understands.
 */
export function parseExact(text: string): unknown {
  return exact.parse(text, (_, value, { source }) =>
    typeof value === "number" && source !== undefined && String(value) !== source ? exact.rawJSON(source) : value,
  );
}
