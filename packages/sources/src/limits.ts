/** Events of one publish request: what the platform API takes of an array. */
export const BATCH_RECORDS_MAX = 1_000;
/** Bytes of one publish request: far below what the API takes, and little enough to be read in one go on the other side. */
export const BATCH_BYTES_MAX = 8_388_608;
/** Records in memory: two batches, so that one order key with many cannot keep the others out. */
export const HELD_RECORDS_MAX = 2_000;
export const HELD_BYTES_MAX = 16_777_216;
/** Records of one order key in memory: they go one by one, so more would only wait. */
export const HELD_OF_LANE_MAX = 100;
/** How often an event that the server could not store is sent before it is taken to be the event's fault. */
export const INTERNAL_ERRORS_MAX = 8;
/** First and longest wait after an answer that asks for patience without saying how long, ms. */
export const BACK_OFF_FIRST_MS = 250;
export const BACK_OFF_MAX_MS = 30_000;
/** A server that asks for more patience than this is asked again all the same, ms. */
export const RETRY_AFTER_MAX_MS = 300_000;
/** Between two lines that say how it goes, ms. */
export const REPORT_EVERY_MS = 60_000;
