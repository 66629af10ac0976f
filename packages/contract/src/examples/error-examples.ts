import type { ErrorBody, ErrorCode } from "../errors.ts";
import { SHOP, WEBHOOK_ID } from "./story.ts";

type ErrorExample = Omit<ErrorBody, "code">;

const whole = (error: string): ErrorExample => ({ error });
const at = (member: string, error: string): ErrorExample => ({ error, member });

/** One answer of each code. `topic` and `address` stand for wherever a call has them. */
const ANSWERS: Readonly<Record<ErrorCode, ErrorExample>> = {
  malformed_json: whole("The body is not JSON: it ends too early, at byte 27."),
  malformed_request: whole("This is not an HTTP/1.1 request."),
  malformed_query: whole("With pageToken only limit may go along; topic is part of the token already."),
  token_missing: whole("Send the access token in X-Genstore-Access-Token."),
  token_invalid: whole("The access token is unknown or no longer valid."),
  scope_missing: whole("This call needs the scope write_apps."),
  topic_scope_missing: whole("orders/create needs one of the scopes read_orders, write_orders; the installation has write_apps."),
  not_found: whole("There is no webhook with this id on this shop."),
  unknown_version: whole('There is no API version "199901".'),
  method_not_allowed: whole("The path does not take this method. It takes POST, GET."),
  request_timeout: whole("The request did not arrive in time."),
  already_exists: at("domain", `There is a shop ${SHOP} already; use PUT to change it.`),
  webhook_not_active: at("status", "The webhook is paused, so nothing is sent to it; resume it first."),
  webhook_not_numbered: at("sequence", `Webhook ${WEBHOOK_ID} is not numbered; set "sequence": true on it.`),
  secret_step_refused: at("step", "No such signing secret is staged; begin with the step stage."),
  webhook_exists: at("address", "Webhook 8589934859 already sends orders/create to this address."),
  idempotency_key_reused: at(
    "idempotencyKey",
    "This idempotencyKey was used for another topic or payload on this shop; use a new key for a new event.",
  ),
  delivery_pending: at("state", "The delivery is still pending; there is nothing to replay."),
  not_blocking: at("id", "No order key waits for this delivery, so there is nothing to skip."),
  nothing_to_probe: at("id", "The endpoint's breaker is closed: what is due is sent anyway."),
  replay_ended: at("id", "The replay is done; make another one."),
  history_gone: whole("What held when the event was published is past retention."),
  numbers_gone: { error: "Numbers before 4812 are past retention; the oldest that is kept is 4812.", oldest: 4812 },
  replay_refused: whole(`Nothing can be sent to webhook ${WEBHOOK_ID}: it was deleted.`),
  body_too_large: whole("The request has more than 65536 bytes, which is the most that this call takes."),
  unsupported_media_type: whole('Send Content-Type: application/json; "text/plain" is not taken.'),
  missing_member: at("address", "address is required."),
  unknown_member: at("format", "format is not known here; leave it out or mend its spelling."),
  duplicate_member: at("topic", "topic stands twice; send it once."),
  invalid_member: at("topic", "topic must be a topic's name of at most 100 characters, such as orders/create."),
  invalid_filter: { error: 'filter, column 23: "==" is not known here; write =.', member: "filter", column: 23 },
  payload_mismatch: at("payload.order.id", "payload.order.id is required."),
  unknown_topic: at("topic", 'There is no topic "orders/made"; GET /platform/v1/topics lists them.'),
  topic_made_by_genhook: at("topic", "app/uninstalled is made by Genhook itself when it happens; it cannot be published."),
  topic_not_subscribable: at(
    "topic",
    "shop/redact is a compliance topic: its address is set with the app (complianceWebhooks), not subscribed per shop.",
  ),
  client_id_required: at("clientId", "appSubscriptions/update is for exactly one app: say which with clientId."),
  unknown_shop: at("shop", `There is no shop "${SHOP}"; create it with POST /platform/v1/shops.`),
  unknown_app: at("clientId", 'There is no app "58DAED6AEC7AA1C2C8DFD719E8E06E3A".'),
  not_installed: at("body", "The app is no longer installed on this shop."),
  address_malformed: at("address", "The address is no absolute URL; write it like https://app.example.com/hooks."),
  address_not_https: at("address", "The address must begin with https://, not http://."),
  address_has_user_info: at("address", "The address must not carry a user name or password; deliveries are signed instead."),
  address_has_fragment: at("address", "The address must not have a fragment (#…); it is never sent."),
  address_too_long: at("address", "The address has 2210 characters; at most 2048 are allowed."),
  address_refused: at("address", '"localhost" is a name of local networks; use a public host name.'),
  too_many_webhooks: at("webhook", "An installation may have 100 webhooks; delete one that is no longer needed."),
  too_many_holds: at("scope", "1000 holds are in force; release some, or hold more at once."),
  too_many_matches: at("topic", "The event matches more than 1000 webhooks."),
  too_many_items: at("body", "The array has more than 1000 events, which is the most. Use NDJSON for more."),
  headers_too_large: whole("The request's headers are larger than 16 KiB."),
  rate_limited: whole("The bucket of 40 calls is empty; it gains 2 per second."),
  too_many_wrong_keys: whole("Too many wrong keys or tokens came from this address; wait 3 s."),
  internal_error: whole("Something failed on our side; request 6f2f5b3f-7c02-4a0a-8c8b-3f644a0a8c8b."),
  overloaded: whole("Nothing was written; try again later with the same idempotencyKey."),
};

/** The answer of a code, with `topic` and `address` named as the call has them (`webhook.topic`). */
export function errorExample(code: ErrorCode, prefix = ""): ErrorBody {
  const { error, member, column, oldest } = ANSWERS[code];
  const isPrefixed = member === "topic" || member === "address" || member === "format" || member === "filter";
  const named = member === undefined ? {} : { member: isPrefixed ? prefix + member : member };
  const text = isPrefixed && error.startsWith(`${member} `) ? prefix + error : error;
  return { error: text, code, ...named, ...(column === undefined ? {} : { column }), ...(oldest === undefined ? {} : { oldest }) };
}
