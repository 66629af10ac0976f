import { Type, type TSchema } from "typebox";

/**
 * Building blocks. Genstore's pages declare numbers, booleans and arrays and print every leaf of a sample as text, so what is read takes
 * both. `expected` is what a message says when a value does not fit.
 */
const DECIMAL = "^-?(0|[1-9][0-9]*)(\\.[0-9]+)?$";
const POSITIVE_INTEGER = "^[1-9][0-9]{0,18}$";

/** An id: a safe integer, or a decimal string (ids are 64-bit). */
export const Id = Type.Union([Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }), Type.String({ pattern: POSITIVE_INTEGER })], {
  expected: "an id: a positive whole number, or the same as a decimal string",
});

/** A UUID; read in either case, written in lower case. */
export const Uuid = Type.String({
  pattern: "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
  expected: "a UUID",
});

/** A webhook as it is referred to: by its id, or by its UUID. */
export const WebhookRef = Type.Union([Id, Uuid], { expected: "a webhook's id, or its UUID" });

/** A number, or the same as a decimal string. */
export const Decimal = Type.Union([Type.Number(), Type.String({ pattern: DECIMAL })], { expected: "a number, or a decimal string" });

/** A boolean, or the same as text. */
export const Flag = Type.Union([Type.Boolean(), Type.Literal("true"), Type.Literal("false")], { expected: "true or false" });

/** Text, or null where the member is not set. */
export const NullableText = Type.Union([Type.String(), Type.Null()], { expected: "text or null" });

/** A date and time; the public pages print several forms, so only the type is checked. */
export const Moment = Type.Union([Type.String(), Type.Null()], { expected: "a date and time as text, or null" });

/** A list, or its text form as the older generation prints it (`"[\"a\",\"b\"]"`). */
export const TextList = Type.Union([Type.Array(Type.String()), Type.String()], { expected: "a list of texts" });

/** An object with these members required and these checked where they are there; unknown members pass. */
export function open(required: Record<string, TSchema>, known: Record<string, TSchema>): TSchema {
  const optional = Object.fromEntries(Object.entries(known).map(([name, schema]) => [name, Type.Optional(schema)]));
  return Type.Object({ ...required, ...optional });
}

/** A payload: one object under one root key. */
export function rooted(root: string, content: TSchema): TSchema {
  return Type.Object({ [root]: content });
}

/** A request: members that are not listed are refused. */
export function closed<Members extends Record<string, TSchema>>(members: Members, options: Record<string, unknown> = {}) {
  return Type.Object(members, { additionalProperties: false, ...options });
}
