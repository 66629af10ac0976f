/** Every limit of the wire, with its reason. */

/** One payload: what a receiver can be expected to take in one request. */
export const PAYLOAD_BYTES_MAX = 1_048_576;
/** One publish request, read as a stream. */
export const PUBLISH_REQUEST_BYTES_MAX = 33_554_432;
/** Events of one JSON array; a longer import uses NDJSON. */
export const PUBLISH_ITEMS_MAX = 1_000;
/** Lines of one NDJSON request: each has its answer in memory. */
export const PUBLISH_LINES_MAX = 100_000;
/** Lines of one NDJSON request that are no JSON, before the rest is not read: somebody sends something else. */
export const PUBLISH_BROKEN_LINES_MAX = 1_000;
/** Everything around the payload of one published item. */
export const ENVELOPE_BYTES_MAX = 16_384;
/** Nesting of a payload: far beyond any real one, far below what exhausts a stack. */
export const JSON_DEPTH_MAX = 128;
/** Any other request body. */
export const BODY_BYTES_MAX = 65_536;
/** An address; longer ones do not survive proxies. */
export const ADDRESS_LENGTH_MAX = 2_048;
export const TOPIC_LENGTH_MAX = 100;
/** Why something is held: a sentence or two, and a link to the incident. */
export const HOLD_REASON_LENGTH_MAX = 500;
export const NAME_LENGTH_MAX = 200;
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;
export const ORDER_KEY_LENGTH_MAX = 255;
/** Payload paths that one event may name as changed, or one webhook may ask for. */
export const CHANGED_PATHS_MAX = 100;
/** Payload paths that one webhook may have sent. */
export const FIELDS_MAX = 100;
export const SCOPES_MAX = 100;
export const DECLARED_WEBHOOKS_MAX = 100;
export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 250;
/** Deliveries that a replay job sends again per second: below that it is gentle, above it nobody can be. */
export const REPLAY_RATE_DEFAULT = 50;
export const REPLAY_RATE_MAX = 1_000;
/** Attempts per second that an endpoint may ask for: below that a day of events takes weeks, above it nothing is limited. */
export const ENDPOINT_RATE_MIN = 0.1;
export const ENDPOINT_RATE_MAX = 10_000;
/** A portal link, and what was opened with it: long enough to look into something, short enough to be forgotten in a mail. */
export const LINK_MINUTES_MAX = 60;
/** Origins that may frame the pages of a portal link. */
export const FRAME_ANCESTORS_MAX = 8;
/** Payload bytes of one page of a numbered webhook's events; one larger payload still comes alone. */
export const CATCH_UP_BYTES_MAX = 4_194_304;
/** How long a call may wait for the next event, ms: shorter than what proxies cut off. */
export const CATCH_UP_WAIT_MAX_MS = 60_000;
