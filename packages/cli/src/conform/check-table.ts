/** One thing that an endpoint has to do right; `docs/conformance.md` is made from these rows. */
export interface Check {
  readonly part: Part;
  /** `must`: deliveries are lost, repeated or forged otherwise. `should`: it works, but is weaker, slower or harder to understand. */
  readonly level: "must" | "should";
  /** What a good endpoint does; stands behind "✓" and "✗". */
  readonly title: string;
  readonly sends: string;
  readonly wants: string;
  /** What comes of it where it does not, and how to mend it. */
  readonly mend: string;
}

export type Part = "genuine" | "again" | "forged" | "answers";

export const PARTS: Readonly<Record<Part, string>> = {
  genuine: "Takes what is genuine",
  again: "Takes what comes again, late, or out of order",
  forged: "Refuses what is not genuine",
  answers: "Answers in time",
};

/** The anchors of the docs page: they do not change. */
export type CheckId =
  | "first-delivery"
  | "raw-body"
  | "large-payload"
  | "address-query"
  | "unknown-members"
  | "unknown-topic"
  | "test-event"
  | "several-signatures"
  | "burst"
  | "duplicate"
  | "at-once"
  | "once"
  | "late-attempt"
  | "replay"
  | "reordered"
  | "sequence-gap"
  | "no-signature"
  | "wrong-secret"
  | "tampered-body"
  | "old-signature"
  | "early-signature"
  | "other-id"
  | "either-signature"
  | "garbage-signature"
  | "forged-effect"
  | "deadline"
  | "quick";

/** In the order in which they are made. */
export const CHECKS: Readonly<Record<CheckId, Check>> = {
  "first-delivery": {
    part: "genuine",
    level: "must",
    title: "takes a delivery",
    sends: "A first attempt of an event, signed with both secrets.",
    wants: "2xx.",
    mend: "Nothing arrives until it does. 401: is it checked with this app's secrets, over the raw body? 404 and 405: is the path right, and does it take POST? The other checks mean little before this one.",
  },
  "raw-body": {
    part: "genuine",
    level: "must",
    title: "checks the raw bytes of the body",
    sends:
      "JSON with line breaks, escapes, emoji, `12.00` and an integer beyond 2^53: parsed and written again, it is no longer what was signed.",
    wants: "2xx.",
    mend: "Compute the signature over the bytes as they came, before a body parser touches them, and keep ids as text: `JSON.parse` rounds numbers beyond 2^53.",
  },
  "large-payload": {
    part: "genuine",
    level: "must",
    title: "takes a payload of 1 MiB",
    sends: "A payload of 1,048,576 bytes, the largest that there is.",
    wants: "2xx.",
    mend: "Raise the limit of the body parser and of the proxy in front of it: Express takes 100 kB, nginx 1 MB unless told otherwise.",
  },
  "address-query": {
    part: "genuine",
    level: "should",
    title: "takes an address with a query",
    sends: "The address with encoded parameters behind it, up to 2,048 characters, the longest that there is.",
    wants: "2xx.",
    mend: "Match the route by its path alone; the query is part of the address, and is not signed.",
  },
  "unknown-members": {
    part: "genuine",
    level: "must",
    title: "takes members that it does not know",
    sends: "A payload with a member that is in no documentation.",
    wants: "2xx.",
    mend: "Payloads gain members without a new version: ignore the ones that you do not know.",
  },
  "unknown-topic": {
    part: "genuine",
    level: "should",
    title: "takes a topic that it does not know",
    sends: "A signed event of a topic that does not exist yet.",
    wants: "2xx, without doing anything.",
    mend: "Anything else is tried again for four hours, and counts against the health of the whole endpoint. To get less, delete the webhook.",
  },
  "test-event": {
    part: "genuine",
    level: "must",
    title: "takes a test event",
    sends: "A delivery with `X-Genstore-Test: true`.",
    wants: "2xx.",
    mend: "Test events are signed and delivered like any other: check, answer 2xx, and leave out what should not happen for a test.",
  },
  "several-signatures": {
    part: "genuine",
    level: "must",
    title: "takes several signatures while a secret is replaced",
    sends:
      "`webhook-signature` with two tokens, one of a secret that the endpoint does not have yet, in either order; then with a `v1a` token in front.",
    wants: "2xx, three times.",
    mend: "Split `webhook-signature` at the spaces and accept the delivery when any one token fits; pass over versions that you do not know.",
  },
  burst: {
    part: "genuine",
    level: "must",
    title: "takes ten deliveries at once",
    sends: "Ten events at the same time, which is how many an endpoint gets to begin with.",
    wants: "2xx for each.",
    mend: "Store what came and answer, work afterwards. An endpoint that wants less answers 429 with `Retry-After`; ask for a lower limit where that is the rule.",
  },
  duplicate: {
    part: "again",
    level: "must",
    title: "takes the same delivery again",
    sends: "The second attempt of a delivery whose first attempt was taken: the same `webhook-id`, signed anew.",
    wants: "2xx.",
    mend: "An answer can get lost, then the delivery comes again. Say 2xx to what was processed already: an error would only bring it back.",
  },
  "at-once": {
    part: "again",
    level: "must",
    title: "takes the same delivery twice at the same time",
    sends: "Two attempts of one delivery at the same moment, then a third.",
    wants: "2xx for at least one of the two (409 or 5xx for the other does no harm), and for the third.",
    mend: "Claim the `webhook-id` before the work (a unique key, `SET NX`); whoever comes second waits, or answers 409.",
  },
  once: {
    part: "again",
    level: "must",
    title: "processes a delivery once",
    sends: "One delivery four times: once, once more, and twice at the same moment. `--effects` counts what the endpoint did.",
    wants: "The count grows as for one event.",
    mend: "Remember each `webhook-id` in the same transaction as the work, under a unique key. `X-Genstore-Event-Id` is no key for that: two webhooks may get one event.",
  },
  "late-attempt": {
    part: "again",
    level: "must",
    title: "takes an eighth attempt, and an event that is weeks old",
    sends:
      "An attempt signed now, of an event that happened four hours ago; another of one that happened 29 days ago (it was held, or sent again by hand).",
    wants: "2xx.",
    mend: "Compare the clock with `webhook-timestamp`, which is when this attempt was signed; `X-Genstore-Triggered-At` may be any time ago.",
  },
  replay: {
    part: "again",
    level: "must",
    title: "takes a replay",
    sends: "A delivery that was taken, once more with `X-Genstore-Replay: true` and attempt 1.",
    wants: "2xx, processed again or not as the app likes.",
    mend: "A person sent it again: answer 2xx also where it was processed before.",
  },
  reordered: {
    part: "again",
    level: "must",
    title: "takes events out of order",
    sends: "What changed later (`…/update`) before what happened first (`…/create`).",
    wants: "2xx for both.",
    mend: "Order is promised to ordered webhooks alone. Create what you do not have yet, and compare `X-Genstore-Triggered-At` before you overwrite what is newer.",
  },
  "sequence-gap": {
    part: "again",
    level: "must",
    title: "goes on behind a gap in the sequence",
    sends: "`X-Genstore-Sequence` 1, 2, 4, and then 3.",
    wants: "2xx for each.",
    mend: "Note that a number is missing and go on: it is on its way, or can be fetched. Refusing 4 until 3 has come stops both.",
  },
  "no-signature": {
    part: "forged",
    level: "must",
    title: "refuses a request without a signature",
    sends: "A delivery without `X-Genstore-Hmac-Sha256` and `webhook-signature`.",
    wants: "4xx, best 401.",
    mend: "Anybody who knows the address can make events up. Verify every request before it is used.",
  },
  "wrong-secret": {
    part: "forged",
    level: "must",
    title: "refuses a signature of another secret",
    sends: "A delivery signed with secrets that are not this app's.",
    wants: "4xx, best 401.",
    mend: "Compute the signature with your own secret and compare; that a header is there proves nothing.",
  },
  "tampered-body": {
    part: "forged",
    level: "must",
    title: "refuses a body that was changed",
    sends: "A delivery whose body was changed behind the signature, by one character.",
    wants: "4xx, best 401.",
    mend: "The signature must be computed over the whole body that is then used.",
  },
  "old-signature": {
    part: "forged",
    level: "should",
    title: "refuses what was recorded and is sent again later",
    sends: "A delivery whose `webhook-timestamp` is an hour old, rightly signed.",
    wants: "4xx, best 401.",
    mend: "Check `webhook-signature` and that `webhook-timestamp` is at most five minutes away. `X-Genstore-Hmac-Sha256` alone binds no time: what was caught once can be sent for ever.",
  },
  "early-signature": {
    part: "forged",
    level: "should",
    title: "refuses a signature from the future",
    sends: "A delivery whose `webhook-timestamp` is an hour ahead, rightly signed.",
    wants: "4xx, best 401.",
    mend: "Take the distance of `webhook-timestamp` from now in both directions.",
  },
  "other-id": {
    part: "forged",
    level: "should",
    title: "refuses a delivery under another id",
    sends: "A delivery whose `webhook-id` was changed, the signatures left as they were.",
    wants: "4xx, best 401.",
    mend: "`X-Genstore-Hmac-Sha256` covers the body alone: under a new id a caught delivery passes the deduplication. Check `webhook-signature`, which binds id and time.",
  },
  "either-signature": {
    part: "forged",
    level: "should",
    title: "does not take one good signature for two",
    sends: "A delivery with a wrong `webhook-signature` beside the right `X-Genstore-Hmac-Sha256`, and the other way round.",
    wants: "At least one of the two is refused.",
    mend: "An endpoint that is content with either is as weak as the weaker one. Check `webhook-signature`, or both.",
  },
  "garbage-signature": {
    part: "forged",
    level: "should",
    title: "refuses a signature that is none without falling over",
    sends: "A delivery whose signatures are a few letters, then one whose signatures are 10,000 characters.",
    wants: "4xx, best 401.",
    mend: "A comparison in constant time often throws for texts of unequal length (`crypto.timingSafeEqual` does): compare the lengths first.",
  },
  "forged-effect": {
    part: "forged",
    level: "must",
    title: "does nothing on account of what it refuses",
    sends: "Forged deliveries again. `--effects` counts what the endpoint did.",
    wants: "The count stays.",
    mend: "Verify first, work afterwards.",
  },
  deadline: {
    part: "answers",
    level: "must",
    title: "answers within 5 seconds",
    sends: "Nothing more: the slowest answer to all of the above.",
    wants: "Every answer is whole within 5 s (`--timeout`).",
    mend: "Later is a failed attempt, and it comes again although it was processed. Answer first, work afterwards.",
  },
  quick: {
    part: "answers",
    level: "should",
    title: "answers within 2 seconds",
    sends: "Nothing more: the slowest answer to all of the above.",
    wants: "Every answer is whole within 2 s.",
    mend: "Slower endpoints share a quarter of the connections, so that they hold up nobody else: events arrive later. Store what came, answer, work afterwards.",
  },
};

export const CHECK_IDS: readonly CheckId[] = Object.keys(CHECKS) as CheckId[];
