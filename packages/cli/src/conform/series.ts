import { randomBytes } from "node:crypto";
import { ADDRESS_LENGTH_MAX, DELIVERY_HEADERS, TOPIC_BY_NAME } from "@genhook/contract";
import { makeEd25519, type GivenSecrets } from "@genhook/server/direct";
import type { CheckId } from "./check-table.ts";
import type { DeliveryMaker, Draft } from "./delivery-maker.ts";
import type { Effects } from "./effects.ts";
import type { EndpointUnderTest, Tampering } from "./endpoint-under-test.ts";
import { isTaken, judgeAtOnce, judgeRefused, judgeReliance, judgeSlowest, judgeTaken, notJudged, RIGHT, type Judgement } from "./judge.ts";

/** What a check works with. */
export interface Stage {
  readonly maker: DeliveryMaker;
  readonly endpoint: EndpointUnderTest;
  readonly effects: Effects | null;
  readonly deadlineMs: number;
  /** Whether the first delivery was taken: where it was not, a refusal says nothing. */
  isGenuineTaken: boolean;
  /** Whether it took what has no signature at all: then finer forgeries say nothing more. */
  isUnsignedTaken: boolean;
}

type Run = (stage: Stage) => Promise<Judgement>;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const QUICK_MS = 2_000;
const BURST = 10;
const LONG_SIGNATURE = 10_000;
const { hmac, standardSignature, standardId } = DELIVERY_HEADERS;
const FORGING: Tampering = { headers: { [hmac]: null, [standardSignature]: null } };

/** What is sent for each check, and what is made of the answers. */
export const SERIES: Readonly<Record<CheckId, Run>> = {
  "first-delivery": async (stage) => {
    const answer = await stage.endpoint.send(stage.maker.draft());
    stage.isGenuineTaken = isTaken(answer);
    return judgeTaken([answer]);
  },
  "raw-body": (stage) => taken(stage, [stage.maker.draft({ body: stage.maker.oddPayload() })]),
  "large-payload": (stage) => taken(stage, [stage.maker.draft({ body: stage.maker.largestPayload() })]),
  "address-query": async ({ endpoint, maker }) =>
    judgeTaken([await endpoint.send(maker.draft(), { address: withQuery(endpoint.address) })]),
  "unknown-members": (stage) => taken(stage, [stage.maker.draft({ body: stage.maker.payloadWith("addedLater", '{"is":["new",null]}') })]),
  "unknown-topic": async (stage) => {
    const { topic } = stage.maker.place;
    return taken(stage, [stage.maker.draft({ topic: topic.replace(/[^/]*$/, "addedLater"), body: '{"addedLater":{"id":"1"}}' })]);
  },
  "test-event": (stage) => taken(stage, [stage.maker.draft({ isTest: true })]),
  "several-signatures": severalSignatures,
  burst: async ({ endpoint, maker }) => {
    const drafts = Array.from({ length: BURST }, () => maker.draft());
    return judgeTaken(await Promise.all(drafts.map((draft) => endpoint.send(draft))));
  },
  duplicate: (stage) => {
    const draft = stage.maker.draft();
    return taken(stage, [draft, stage.maker.again(draft, { attempt: 2 })], ["first attempt", "second attempt"]);
  },
  "at-once": async ({ endpoint, maker }) => {
    const draft = maker.draft();
    const both = await Promise.all([endpoint.send(draft), endpoint.send(maker.again(draft, { attempt: 2 }))]);
    return judgeAtOnce(both, await endpoint.send(maker.again(draft, { attempt: 3 })));
  },
  once,
  "late-attempt": (stage) =>
    taken(
      stage,
      [stage.maker.draft({ ageMs: 4 * HOUR_MS, attempt: 8 }), stage.maker.draft({ ageMs: 29 * DAY_MS })],
      ["four hours old", "29 days old"],
    ),
  replay: (stage) => {
    const draft = stage.maker.draft();
    return taken(stage, [draft, stage.maker.again(draft, { isReplay: true })], ["first", "replay"]);
  },
  reordered: (stage) => {
    const [created, updated] = pairOf(stage.maker);
    return taken(stage, [updated, created], ["what came later", "what came first"]);
  },
  "sequence-gap": (stage) => {
    const numbers = [1, 2, 4, 3];
    return taken(
      stage,
      numbers.map((sequence) => stage.maker.draft({ sequence })),
      numbers.map((sequence) => `number ${sequence}`),
    );
  },
  "no-signature": async (stage) => {
    const judgement = await refused(stage, [FORGING]);
    stage.isUnsignedTaken = judgement.verdict === "wrong" && judgement.lesser === undefined;
    return judgement;
  },
  "wrong-secret": (stage) => refused(stage, [{ secrets: strangersSecrets() }]),
  "tampered-body": (stage) => refusedDraft(stage, (draft) => ({ body: tampered(draft.event.payload) })),
  "old-signature": (stage) => shifted(stage, -HOUR_MS),
  "early-signature": (stage) => shifted(stage, HOUR_MS),
  "other-id": otherId,
  "either-signature": eitherSignature,
  "garbage-signature": (stage) =>
    stage.isUnsignedTaken
      ? Promise.resolve(VERIFIES_NOTHING)
      : refused(
          stage,
          ["nonsense", "A".repeat(LONG_SIGNATURE)].map((text) => ({ headers: { [hmac]: text, [standardSignature]: `v1,${text}` } })),
          ["short", "long"],
        ),
  "forged-effect": forgedEffect,
  deadline: ({ endpoint, deadlineMs }) => Promise.resolve(judgeSlowest(endpoint.answers, deadlineMs)),
  quick: ({ endpoint }) => Promise.resolve(judgeSlowest(endpoint.answers, QUICK_MS)),
};

/** One after the other, until one is not taken. */
async function taken({ endpoint }: Stage, drafts: readonly Draft[], names: readonly string[] = []): Promise<Judgement> {
  const answers = [];
  for (const draft of drafts) {
    const answer = await endpoint.send(draft);
    answers.push(answer);
    if (!isTaken(answer)) break;
  }
  return judgeTaken(answers, names);
}

async function severalSignatures({ endpoint, maker }: Stage): Promise<Judgement> {
  const own = endpoint.secrets.signingSecrets;
  if (own.length === 0) return NO_STANDARD;
  const next = newSigningSecret();
  const withEd25519 = { ...endpoint.secrets, signingSecrets: [...own, makeEd25519().secret] };
  const turned = { [standardSignature]: (value: string) => value.split(" ").reverse().join(" ") };
  const answers = [
    await endpoint.send(maker.draft(), { secrets: { ...endpoint.secrets, signingSecrets: [next, ...own] } }),
    await endpoint.send(maker.draft(), { secrets: { ...endpoint.secrets, signingSecrets: [...own, next] } }),
    await endpoint.send(maker.draft(), { secrets: withEd25519, headers: turned }),
  ];
  return judgeTaken(answers, ["the new secret's token first", "the new secret's token last", "a v1a token first"]);
}

async function once({ endpoint, maker, effects }: Stage): Promise<Judgement> {
  const draft = maker.draft();
  if (effects === null)
    return notJudged(
      "What an endpoint does cannot be seen from outside: give --effects, a command that prints how many events it has processed.",
    );
  const before = await effects.count();
  if (!isTaken(await endpoint.send(draft))) return notJudged("The delivery was not taken.");
  const one = await effects.growth(before);
  if (one === 0) return notJudged("The count of --effects did not grow within 10 s of a delivery that was taken.");
  const settled = await effects.count();
  await endpoint.send(maker.again(draft, { attempt: 2 }));
  const more = await effects.growthAfterQuiet(settled);
  if (more !== 0)
    return { verdict: "wrong", says: [`The second attempt was processed once more: the count grew by ${one}, then by ${more}.`] };
  const atOnce = maker.draft();
  await Promise.all([endpoint.send(atOnce), endpoint.send(maker.again(atOnce, { attempt: 2 }))]);
  await endpoint.send(maker.again(atOnce, { attempt: 3 }));
  const grown = await effects.growth(settled);
  if (grown === one) return RIGHT;
  return { verdict: "wrong", says: [`Two attempts at the same moment: the count grew by ${grown}, not by ${one}.`] };
}

async function eitherSignature({ endpoint, maker, isUnsignedTaken }: Stage): Promise<Judgement> {
  if (isUnsignedTaken) return VERIFIES_NOTHING;
  const { secrets } = endpoint;
  if (secrets.clientSecret === null || secrets.signingSecrets.length === 0)
    return notJudged("Give --client-secret and --signing-secret: one of the two signatures is left out.");
  const strangers = strangersSecrets();
  const wrongStandard = await endpoint.send(maker.draft(), { secrets: { ...secrets, signingSecrets: strangers.signingSecrets } });
  const wrongHmac = await endpoint.send(maker.draft(), { secrets: { ...secrets, clientSecret: strangers.clientSecret } });
  return judgeReliance({ takesHmac: isTaken(wrongStandard), takesStandard: isTaken(wrongHmac) });
}

async function forgedEffect(stage: Stage): Promise<Judgement> {
  const { effects } = stage;
  if (effects === null) return notJudged("What an endpoint does cannot be seen from outside: give --effects.");
  const before = await effects.growthAfterQuiet(0);
  await refused(stage, [FORGING, { secrets: strangersSecrets() }]);
  await refusedDraft(stage, (draft) => ({ body: tampered(draft.event.payload) }));
  const grown = await effects.growthAfterQuiet(before);
  return grown === 0 ? RIGHT : { verdict: "wrong", says: [`Three forged deliveries: the count grew by ${grown}.`] };
}

/** New deliveries, each tampered with. */
async function refused({ endpoint, maker }: Stage, tamperings: readonly Tampering[], names: readonly string[] = []): Promise<Judgement> {
  const answers = [];
  for (const tampering of tamperings) answers.push(await endpoint.send(maker.draft(), tampering));
  return judgeRefused(answers, names);
}

async function refusedDraft({ endpoint, maker }: Stage, tamper: (draft: Draft) => Tampering): Promise<Judgement> {
  const draft = maker.draft();
  return judgeRefused([await endpoint.send(draft, tamper(draft))]);
}

/** Signed at another time: only `webhook-signature` binds it. */
async function shifted(stage: Stage, byMs: number): Promise<Judgement> {
  const { endpoint, maker } = stage;
  if (stage.isUnsignedTaken) return VERIFIES_NOTHING;
  if (endpoint.secrets.signingSecrets.length === 0) return NO_STANDARD;
  const draft = maker.draft({ ageMs: Math.max(0, -byMs) });
  return judgeRefused([await endpoint.send({ ...draft, at: draft.at + byMs })]);
}

async function otherId(stage: Stage): Promise<Judgement> {
  if (stage.isUnsignedTaken) return VERIFIES_NOTHING;
  if (stage.endpoint.secrets.signingSecrets.length === 0) return NO_STANDARD;
  return refusedDraft(stage, (draft) => ({ headers: { [standardId]: draft.deliveryId.replace("dlv_0", "dlv_f") } }));
}

const VERIFIES_NOTHING = notJudged("It takes requests without any signature: that comes first.");
const NO_STANDARD = notJudged("webhook-signature was left out: give --signing-secret.");

function strangersSecrets(): GivenSecrets {
  return { clientSecret: randomBytes(16).toString("hex"), signingSecrets: [newSigningSecret()] };
}

function newSigningSecret(): string {
  return `whsec_${randomBytes(24).toString("base64")}`;
}

/** Still JSON of the same length: the last digit is another. */
function tampered(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body).toString("utf8");
  const at = text.search(/\d(?=\D*$)/);
  return Buffer.from(at < 0 ? `${text} ` : text.slice(0, at) + String((Number(text[at]) + 1) % 10) + text.slice(at + 1));
}

/** The address with a query as long as an address may be. */
function withQuery(address: string): string {
  const start = `${address}${address.includes("?") ? "&" : "?"}tenant=a%20b%26c&state=%C3%BC%2B%2F&long=`;
  return start + "x".repeat(Math.max(0, ADDRESS_LENGTH_MAX - start.length));
}

/** What happened first and what came later, to the same thing where the topic has both. */
function pairOf(maker: DeliveryMaker): readonly [created: Draft, updated: Draft] {
  const { topic } = maker.place;
  const domain = topic.replace(/\/.*$/, "");
  const [create, update] = [`${domain}/create`, `${domain}/update`];
  const [first, later] = TOPIC_BY_NAME.has(create) && TOPIC_BY_NAME.has(update) ? [create, update] : [topic, topic];
  const number = maker.takeNumber();
  const bodyOf = (each: string): string => JSON.stringify(maker.payload(each, number));
  return [
    maker.draft({ topic: first, ageMs: 90_000, body: bodyOf(first) }),
    maker.draft({ topic: later, ageMs: 30_000, body: bodyOf(later) }),
  ];
}
