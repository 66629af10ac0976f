/** What Genhook takes of one published event; a test holds these against the contract's. */
export const PAYLOAD_BYTES_MAX = 1_048_576;
/** Everything around the payload. */
export const ENVELOPE_BYTES_MAX = 16_384;
export const JSON_DEPTH_MAX = 128;
export const TOPIC_LENGTH_MAX = 100;
export const IDEMPOTENCY_KEY_LENGTH_MAX = 255;
export const ORDER_KEY_LENGTH_MAX = 255;
export const CHANGED_PATHS_MAX = 100;
export const CHANGED_PATH_LENGTH_MAX = 255;
