/**
 * The one table of error codes. An answer outside 2xx is `{"error":"message","code":"word"}`; `409` and `422` add `"member"`. Codes and their
 * statuses do not change; messages may.
 */
export interface ErrorEntry {
  readonly status: number;
  readonly meaning: string;
  /** What the caller can do about it. */
  readonly remedy: string;
}

export const ERRORS = {
  malformed_json: {
    status: 400,
    meaning: "The body is not JSON, or not valid UTF-8.",
    remedy: "Send one JSON value in UTF-8, without a byte order mark.",
  },
  malformed_request: {
    status: 400,
    meaning: "The request is not HTTP/1.1 as it should be.",
    remedy: "Look at what stands between the client and this server.",
  },
  malformed_query: {
    status: 400,
    meaning: "The query or the page token cannot be used as sent.",
    remedy: "Follow the Link header as it is; with pageToken only limit may go along.",
  },
  token_missing: {
    status: 401,
    meaning: "The call carries no credentials.",
    remedy: "Send X-Genstore-Access-Token (App API) or Authorization: Bearer (app-wide access, platform API).",
  },
  token_invalid: {
    status: 401,
    meaning: "The credentials are unknown, revoked, at their end, or belong to another shop.",
    remedy: "Use the token of this installation, a platform key that is in force, or exchange client id and secret for a new token.",
  },
  scope_missing: {
    status: 403,
    meaning: "The token's scopes or allowances, or the key's role, do not allow this call.",
    remedy: "Ask the shop for the scope, or use a key with the role.",
  },
  topic_scope_missing: {
    status: 403,
    meaning: "The installation lacks a scope that the topic needs.",
    remedy: "Have one of the topic's scopes granted first.",
  },
  not_found: {
    status: 404,
    meaning: "There is nothing at this path or with this id.",
    remedy: "Check the path and the id; ids of others are not told apart from unknown ones.",
  },
  unknown_version: {
    status: 404,
    meaning: "The API version in the path is not served.",
    remedy: "Use a version that GET /openapi.json names.",
  },
  method_not_allowed: { status: 405, meaning: "The path does not take this method.", remedy: "Use a method of the Allow header." },
  request_timeout: {
    status: 408,
    meaning: "The request did not arrive in time.",
    remedy: "Send headers and body without a pause, within a minute.",
  },
  already_exists: { status: 409, meaning: "An entry with this natural key exists.", remedy: "Use PUT on its path to change it." },
  webhook_not_active: {
    status: 409,
    meaning: "Nothing is sent to the webhook: it is paused, suspended, disabled or held.",
    remedy: "Resume it first; a hold is the operator's to end.",
  },
  webhook_not_numbered: {
    status: 409,
    meaning: "The webhook's deliveries are not numbered, so there is no number to read from.",
    remedy: 'Set "sequence": true on it; what is delivered from then on has numbers.',
  },
  secret_step_refused: {
    status: 409,
    meaning: "The step does not fit the state that the app's secrets are in.",
    remedy: "GET the app to see its secrets; the steps are stage, use, revoke, in this order.",
  },
  webhook_exists: {
    status: 409,
    meaning: "The installation has a webhook with this topic and address.",
    remedy: "Use the one that exists.",
  },
  idempotency_key_reused: {
    status: 409,
    meaning: "The idempotency key was used for another topic or payload on this shop.",
    remedy: "Use a new key for a new event.",
  },
  delivery_pending: {
    status: 409,
    meaning: "The delivery is still pending, so there is nothing to replay.",
    remedy: "Wait until it is delivered, dead or cancelled.",
  },
  not_blocking: {
    status: 409,
    meaning: "No order key waits for this delivery, so there is nothing to skip.",
    remedy: "GET blocked-keys to see which deliveries block one.",
  },
  nothing_to_probe: {
    status: 409,
    meaning: "No probe can be made: the endpoint's breaker is closed, or nothing that may be sent to it is due.",
    remedy: "GET the endpoint: breaker says its state, backlog what waits.",
  },
  replay_ended: {
    status: 409,
    meaning: "The replay job is done or cancelled.",
    remedy: "Make another one with POST /platform/v1/replays.",
  },
  history_gone: {
    status: 410,
    meaning: "The event, or the configuration that it was matched against, is past retention.",
    remedy: "Nothing; how long both are kept is the operator's setting --retention.",
  },
  numbers_gone: {
    status: 410,
    meaning: "Numbers after the one that was asked for are past retention; the member oldest is the oldest that is kept.",
    remedy: "Read the shop's data itself for what is missing, and go on with after one below oldest.",
  },
  replay_refused: {
    status: 410,
    meaning: "The delivery cannot be sent again: its content was erased, or nobody may receive it.",
    remedy: "Nothing; the reason stands in the message.",
  },
  body_too_large: {
    status: 413,
    meaning: "The request, or an item of it, is larger than allowed.",
    remedy: "Send less at once; a payload may have 1 MiB.",
  },
  unsupported_media_type: {
    status: 415,
    meaning: "The body's media type is not one that the call takes.",
    remedy: "Send application/json.",
  },
  missing_member: { status: 422, meaning: "A required member is missing.", remedy: "Send the member that is named." },
  unknown_member: {
    status: 422,
    meaning: "A member is not known here.",
    remedy: "Leave the member out that is named, or mend its spelling.",
  },
  duplicate_member: { status: 422, meaning: "A member stands twice in the same object.", remedy: "Send it once." },
  invalid_member: { status: 422, meaning: "A member has a value that is not allowed.", remedy: "Send what the message says is expected." },
  invalid_filter: {
    status: 422,
    meaning: "A filter, or a path of fields or changed, cannot be read.",
    remedy: "Mend what the message says at the column; docs/filters.md has the grammar, and POST …/filters/test tries a filter out.",
  },
  payload_mismatch: {
    status: 422,
    meaning: "The payload does not fit its topic's schema.",
    remedy: "Mend the member that is named; GET /platform/v1/topics shows the schema.",
  },
  unknown_topic: { status: 422, meaning: "There is no such topic.", remedy: "Use a topic that GET /platform/v1/topics lists." },
  topic_made_by_genhook: {
    status: 422,
    meaning: "Genhook makes this topic itself; it cannot be published.",
    remedy: "Install, change scopes or uninstall through the API: the event follows.",
  },
  topic_not_subscribable: {
    status: 422,
    meaning: "The topic's address belongs to the app, not to an installation.",
    remedy: "Set it with the app (complianceWebhooks).",
  },
  client_id_required: { status: 422, meaning: "The topic is for exactly one app.", remedy: "Send clientId." },
  unknown_shop: { status: 422, meaning: "There is no such shop.", remedy: "Create it with POST /platform/v1/shops first." },
  unknown_app: { status: 422, meaning: "There is no such app.", remedy: "Create it with POST /platform/v1/apps first." },
  not_installed: { status: 422, meaning: "The app is not installed on this shop.", remedy: "Install it first." },
  address_malformed: {
    status: 422,
    meaning: "The address is no absolute URL.",
    remedy: "Send an absolute https: URL of at most 2,048 characters.",
  },
  address_not_https: { status: 422, meaning: "The address is not https:.", remedy: "Serve the endpoint over HTTPS." },
  address_has_user_info: {
    status: 422,
    meaning: "The address carries a user name or password.",
    remedy: "Leave it out; deliveries are signed.",
  },
  address_has_fragment: { status: 422, meaning: "The address has a fragment, which is never sent.", remedy: "Leave it out." },
  address_too_long: { status: 422, meaning: "The address is longer than 2,048 characters.", remedy: "Shorten it." },
  address_refused: {
    status: 422,
    meaning: "The address names a host or port that deliveries may not go to.",
    remedy: "Use a public host name and a web port.",
  },
  too_many_webhooks: { status: 422, meaning: "No further webhook fits.", remedy: "Delete one that is no longer needed." },
  too_many_holds: {
    status: 422,
    meaning: "As many holds are in force as there may be.",
    remedy: "Release some, or hold more at once: an app, a host, or all.",
  },
  too_many_matches: {
    status: 422,
    meaning: "The event matches more webhooks than one event may.",
    remedy: "Delete webhooks that are no longer needed.",
  },
  too_many_items: {
    status: 422,
    meaning: "The array has more than 1,000 events, or the request more than 100,000 lines.",
    remedy: "Send several requests, or NDJSON.",
  },
  headers_too_large: {
    status: 431,
    meaning: "The request's headers are larger than 16 KiB.",
    remedy: "Leave out headers and cookies that are not needed.",
  },
  rate_limited: {
    status: 429,
    meaning: "The app's bucket, on this shop or of app-wide access, is empty.",
    remedy: "Wait for as long as Retry-After says.",
  },
  too_many_wrong_keys: {
    status: 429,
    meaning: "Too many wrong keys or tokens came from the caller's address.",
    remedy: "Wait for as long as Retry-After says; what was right from there before is still taken.",
  },
  internal_error: {
    status: 500,
    meaning: "Something failed on our side; nothing was answered wrongly.",
    remedy: "Try again; tell the operator the X-Request-Id.",
  },
  overloaded: {
    status: 503,
    meaning: "Nothing was written: the store is not reachable, or too much waits for it.",
    remedy: "Try again after Retry-After, with the same idempotency key.",
  },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** An error as a value, before it is answered. */
export interface ContractError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly member?: string;
  readonly column?: number;
  readonly oldest?: number;
}

export interface ErrorBody {
  readonly error: string;
  readonly code: ErrorCode;
  readonly member?: string;
  /** `invalid_filter` alone: the character of the member's text that the message is about, from 1. */
  readonly column?: number;
  /** `numbers_gone` alone: the oldest number that is kept. */
  readonly oldest?: number;
}

export function statusOf(code: ErrorCode): number {
  return ERRORS[code].status;
}

/** The answer's body. `409` and `422` always name a member; without one that fits, the whole body (`""` never: `body`). */
export function errorBody(error: ContractError): ErrorBody {
  const status = statusOf(error.code);
  const oldest = error.oldest === undefined ? {} : { oldest: error.oldest };
  if (status !== 409 && status !== 422) return { error: error.message, code: error.code, ...oldest };
  const column = error.column === undefined ? {} : { column: error.column };
  return { error: error.message, code: error.code, member: error.member ?? "body", ...column };
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}
