import { Type, type TSchema } from "typebox";
import type { ErrorCode } from "./errors.ts";
import type { Method } from "./method.ts";

/** One call of one of the APIs: the server registers its handlers from this table, and the API document is made from it. */
export interface Route {
  /** Names the handler. */
  readonly operation: string;
  readonly method: Method;
  /** With `:name` for parameters. */
  readonly path: string;
  /** `app`: one app on one shop · `apps`: one app over all its shops · `platform`: operators · `open`: anybody. */
  readonly api: "app" | "apps" | "platform" | "open";
  /** An open path that apps need: served where the App API is, not where the platform API is. */
  readonly isForApps?: true;
  /** The credentials stand in the body: the call asks for none beside them. */
  readonly isSignIn?: true;
  readonly summary: string;
  /** Any of these scopes (App API), roles (platform API) or allowances (app-wide access); empty: any valid credentials, or none on open paths. */
  readonly allows: readonly string[];
  readonly query?: TSchema;
  readonly body?: TSchema;
  readonly status: number;
  /** Further statuses with the same answer, and what they say. */
  readonly otherStatuses?: Readonly<Record<number, string>>;
  /** The media type of an answer that is no JSON. */
  readonly textType?: string;
  readonly answer: TSchema;
  /** Codes beyond those that every call of the API can answer. */
  readonly errors: readonly ErrorCode[];
}

/** Whose port a call is served on where apps and operators have one each. */
export function sideOf(route: Route): "public" | "platform" {
  return route.api === "app" || route.api === "apps" || route.isForApps === true ? "public" : "platform";
}

/** Codes that recur. */
export const ADDRESS_ERRORS: readonly ErrorCode[] = [
  "address_malformed",
  "address_not_https",
  "address_has_user_info",
  "address_has_fragment",
  "address_too_long",
  "address_refused",
];
export const SHAPE_ERRORS: readonly ErrorCode[] = ["missing_member", "unknown_member", "duplicate_member", "invalid_member"];
export const BODY_ERRORS: readonly ErrorCode[] = ["malformed_json", "body_too_large", "unsupported_media_type", ...SHAPE_ERRORS];

/** An answer with one entry, or with a list of them, under its name. */
export const one = (name: string, schema: TSchema): TSchema => Type.Object({ [name]: schema });
export const many = (name: string, schema: TSchema): TSchema => Type.Object({ [name]: Type.Array(schema) });
