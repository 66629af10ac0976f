/**
 * A schema that also refuses what it does not name: for answers, which clients must take with unknown members, but which we must not make
 * with members that no document tells of. Objects without any named member stay as open as they are.
 */
export function strictSchema<Schema>(schema: Schema): Schema {
  return close(schema) as Schema;
}

function close(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(close);
  if (typeof value !== "object" || value === null) return value;
  const parts = Object.entries(value).map(([key, each]): [string, unknown] => [key, close(each)]);
  const copy = Object.fromEntries(parts) as Record<string, unknown>;
  // Parts of an intersection see the members of the others.
  if (Array.isArray(copy["allOf"]))
    return { ...copy, allOf: value === null ? [] : (value as { allOf: unknown }).allOf, unevaluatedProperties: false };
  const properties = copy["properties"];
  const isObject = copy["type"] === "object" && typeof properties === "object" && properties !== null && Object.keys(properties).length > 0;
  return isObject ? { ...copy, additionalProperties: false } : copy;
}
