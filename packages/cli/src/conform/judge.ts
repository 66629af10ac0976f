import { explainAttempt } from "@genhook/contract/client";

/** What the endpoint answered to one request. */
export interface Answered {
  /** Null where no usable answer came. */
  readonly status: number | null;
  /** A word of the contract's table of attempt errors. */
  readonly error: string | null;
  readonly detail: string | null;
  readonly body: string;
  readonly durationMs: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
}

export type Verdict = "right" | "wrong" | "not_judged";

export interface Judgement {
  readonly verdict: Verdict;
  /** What was seen, and what follows; sentences. */
  readonly says: readonly string[];
  /** Where it weighs less than the row of the table says, and is mended otherwise. */
  readonly lesser?: { readonly level: "should"; readonly mend: string };
}

const BODY_SHOWN = 200;

export const RIGHT: Judgement = { verdict: "right", says: [] };

export function notJudged(...says: readonly string[]): Judgement {
  return { verdict: "not_judged", says };
}

export function isTaken({ status }: Answered): boolean {
  return status !== null && status >= 200 && status <= 299;
}

/** Each was to be answered 2xx; `names` say which is which where there are several. */
export function judgeTaken(answers: readonly Answered[], names: readonly string[] = []): Judgement {
  const says = answers.flatMap((answer, index) => (isTaken(answer) ? [] : [told(answer, names[index])]));
  return { verdict: says.length === 0 ? "right" : "wrong", says: distinct(says) };
}

/** Each was to be refused with 4xx. */
export function judgeRefused(answers: readonly Answered[], names: readonly string[] = []): Judgement {
  const named = answers.map((answer, index) => ({ answer, name: names[index] }));
  const taken = named.filter(({ answer }) => isTaken(answer));
  if (taken.length > 0) return { verdict: "wrong", says: taken.map(({ answer, name }) => `${prefix(name)}It answered ${answer.status}.`) };
  const silent = named.filter(({ answer }) => answer.status === null);
  if (silent.length > 0) return notJudged(...distinct(silent.map(({ answer, name }) => told(answer, name))));
  const own = named.filter(({ answer }) => (answer.status ?? 0) >= 500);
  if (own.length === 0) return RIGHT;
  const says = own.map(({ answer, name }) => `${prefix(name)}It refused, but with ${answer.status}, as a failure of its own.`);
  return { verdict: "wrong", lesser: REFUSED_AS_FAILURE, says: distinct(says) };
}

const REFUSED_AS_FAILURE = {
  level: "should",
  mend: "Answer 401 to what is not genuine: 5xx hides real failures behind forged requests.",
} as const;

/** Of two attempts at the same moment one may be put off, and a third finds it done. */
export function judgeAtOnce(both: readonly Answered[], third: Answered): Judgement {
  const refused = both.filter((answer) => !isTaken(answer));
  const isPutOff = (answer: Answered): boolean => answer.status !== null && (PUT_OFF.has(answer.status) || answer.status >= 500);
  if (refused.length === 2) return { verdict: "wrong", says: distinct(refused.map((answer) => told(answer, "of the two"))) };
  const bad = refused.filter((answer) => !isPutOff(answer));
  if (bad.length > 0) return { verdict: "wrong", says: bad.map((answer) => told(answer, "the second")) };
  return judgeTaken([third], ["the third attempt"]);
}

/** Too early, in progress, asked to wait: it comes again, and nothing is lost. */
const PUT_OFF: ReadonlySet<number> = new Set([409, 423, 425, 429]);

/** What the endpoint goes by, from the two requests with one wrong signature each. */
export interface Reliance {
  /** It took a wrong `webhook-signature` beside a right HMAC. */
  readonly takesHmac: boolean;
  /** It took a wrong HMAC beside a right `webhook-signature`. */
  readonly takesStandard: boolean;
}

export function judgeReliance({ takesHmac, takesStandard }: Reliance): Judgement {
  if (takesHmac && takesStandard) return { verdict: "wrong", says: ["It took both."] };
  if (takesHmac) return { verdict: "right", says: ["It goes by X-Genstore-Hmac-Sha256."] };
  return { verdict: "right", says: [takesStandard ? "It goes by webhook-signature." : "It checks both signatures."] };
}

/** The slowest of all answers against a bound. */
export function judgeSlowest(answers: readonly Answered[], boundMs: number): Judgement {
  const slowest = Math.round(Math.max(0, ...answers.map(({ durationMs }) => durationMs)));
  const late = answers.filter(({ durationMs, error }) => error === "timeout" || durationMs > boundMs).length;
  if (answers.every(({ status }) => status === null) && late === 0) return notJudged("No answer came.");
  if (late === 0) return { verdict: "right", says: [`The slowest took ${slowest} ms.`] };
  return { verdict: "wrong", says: [`${late} of ${answers.length} answers took longer; the slowest took ${slowest} ms.`] };
}

/** An answer in words: what happened, and what the endpoint itself said. */
function told(answer: Answered, name?: string): string {
  const { status, error, responseHeaders, detail } = answer;
  const { happened } = explainAttempt({ status, error, responseHeaders });
  const body = answer.body.trim();
  const said = body === "" ? "" : ` It said: "${body.slice(0, BODY_SHOWN)}${body.length > BODY_SHOWN ? "…" : ""}"`;
  return `${prefix(name)}${happened.replace(/: delivered\.$/, ".")}${detail === null ? "" : ` (${detail})`}${said}`;
}

function prefix(name: string | undefined): string {
  return name === undefined ? "" : `${name}: `;
}

function distinct(says: readonly string[]): readonly string[] {
  return [...new Set(says)];
}
