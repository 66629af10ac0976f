/** Every bound of the kit, with its reason. */

/** A payload has at most 1 MiB; a little room, so that the sender's limit is the one that speaks. */
export const BODY_BYTES_MAX = 1_100_000;
/** How far `webhook-timestamp` may lie from now, seconds: what the libraries of Standard Webhooks use. */
export const TOLERANCE_SECONDS = 300;
/** Signatures of one version that are looked at: a sender has one per live secret, and each costs a pass over the body. */
export const SIGNATURES_MAX = 16;
/** Bodies up to this size are looked into for the reason why a signature does not fit: a forger shall not make us parse a lot. */
export const EXPLAINED_BYTES_MAX = 65_536;
/** How long a delivery that is being processed is kept from a second process, ms: several times the sender's deadline of 5 s. */
export const LEASE_MS = 30_000;
/** How long a processed delivery is remembered, ms: a day longer than the sender keeps it for replays. */
export const REMEMBER_MS: number = 31 * 86_400_000;
/** Deliveries that the store in memory remembers unless told otherwise: about 20 MB. */
export const MEMORY_DELIVERIES_MAX = 100_000;
/** An id of a delivery: what Genhook sends has about 50 characters; a store's key shall not be made endless by a header that nobody signed. */
export const ID_LENGTH_MAX = 255;
