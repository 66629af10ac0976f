import { explainAttempt, explainReason, type AttemptEntry, type DeliveryEntry } from "@genhook/contract/client";
import { pairs } from "../output/table.ts";
import { paint, printLine, type Terminal } from "../output/terminal.ts";
import { count, harmless, oneLine, cut, wrap } from "../output/text.ts";
import { clockTime, formatSpan, showTime, type TimeStyle } from "../output/time.ts";
import { stateColour } from "./columns.ts";

/** A delivery with its attempts; an app's own view of it may come without. */
export type WholeDelivery = DeliveryEntry & { readonly attempts?: readonly Attempt[]; readonly sequence?: number | null };

type Attempt = AttemptEntry & { readonly detail?: string };

const BODY_SHOWN = 300;
const WIDTH_DEFAULT = 100;
const INDENT = 16;

/** A delivery's whole story: what it is, each attempt in words, and what comes next and when. */
export function viewDelivery(delivery: WholeDelivery, terminal: Terminal, style: TimeStyle): void {
  const { state, reason } = delivery;
  const colour = stateColour(state);
  const stateText = `${state}${reason === null ? "" : `: ${explainReason(reason)}`}`;
  const head = pairs(terminal, [
    ["delivery", delivery.id],
    ["state", colour === null ? stateText : paint(terminal, colour, stateText)],
    ["event", `${harmless(delivery.topic)} ${delivery.eventId}, accepted ${showTime(delivery.createTime, style)}`],
    ["shop", delivery.shop],
    ["app", delivery.clientId],
    ["webhook", `${delivery.webhookId} → ${delivery.address === "" ? "pull mode" : harmless(delivery.address)}`],
    ...(typeof delivery.sequence === "number" ? [["number", String(delivery.sequence)] as const] : []),
    ...(delivery.endpointId === "" ? [] : [["endpoint", delivery.endpointId] as const]),
  ]);
  for (const line of head) printLine(terminal, line);
  const attempts = delivery.attempts ?? [];
  if (attempts.length > 0) printLine(terminal);
  for (const [index, attempt] of attempts.entries()) viewAttempt(attempt, attempts[index - 1], delivery, terminal, style);
  const lines = [...whatToDo(delivery), ...whatNext(delivery, style)];
  printLine(terminal);
  for (const line of lines.flatMap((each) => (each.startsWith(" ") ? [each] : wrap(each, widthOf(terminal))))) printLine(terminal, line);
}

function viewAttempt(attempt: Attempt, before: Attempt | undefined, delivery: WholeDelivery, terminal: Terminal, style: TimeStyle): void {
  const isGood = attempt.status !== undefined && attempt.status >= 200 && attempt.status <= 299;
  const mark = isGood ? paint(terminal, "green", "✓") : paint(terminal, "red", "✗");
  const isNewRound = delivery.round > 1 && attempt.round !== before?.round;
  if (isNewRound) printLine(terminal, paint(terminal, "dim", attempt.round === 1 ? "first round" : `replay, round ${attempt.round}`));
  const head = `${mark} ${String(attempt.n).padStart(2)}  ${clockTime(Date.parse(attempt.at), style)}  `;
  const lines = wrap(`${oneLine(explainAttempt(attempt).happened)} (${formatSpan(attempt.durationMs)})`, widthOf(terminal) - INDENT);
  printLine(terminal, head + (lines[0] ?? ""));
  const details = lines.slice(1);
  if (attempt.detail !== undefined) details.push(`detail: ${oneLine(attempt.detail)}`);
  if (!isGood && attempt.responseBody !== null && attempt.responseBody !== "") {
    const isSame = attempt.responseBody === before?.responseBody;
    details.push(isSame ? "the same body again" : `body: ${cut(oneLine(attempt.responseBody), BODY_SHOWN)}`);
  }
  if (attempt.address !== delivery.address) details.push(`sent to ${oneLine(attempt.address)}`);
  for (const line of details.flatMap((each) => wrap(each, widthOf(terminal) - INDENT))) printLine(terminal, " ".repeat(INDENT) + line);
}

/** What whoever runs the endpoint can do about the last failure. */
function whatToDo(delivery: WholeDelivery): readonly string[] {
  const last = delivery.attempts?.at(-1);
  if (last === undefined || delivery.state === "delivered" || delivery.state === "cancelled") return [];
  const { advice } = explainAttempt(last);
  return advice === null ? [] : [advice];
}

function widthOf(terminal: Pick<Terminal, "width">): number {
  return Number.isFinite(terminal.width) ? terminal.width : WIDTH_DEFAULT;
}

/** What comes next, and when; a command that can be copied stands on a line of its own. Pure. */
export function whatNext(delivery: WholeDelivery, style: TimeStyle): readonly string[] {
  const replay = `  genhook deliveries replay ${delivery.id}`;
  if (delivery.reason === "available") {
    const after = typeof delivery.sequence === "number" ? ` --after ${delivery.sequence - 1}` : "";
    return ["Whether its app has fetched it is not known here. To fetch it:", `  genhook webhooks events ${delivery.webhookId}${after}`];
  }
  if (delivery.state === "delivered") return [`Delivered after ${count(delivery.attemptCount, "attempt")}. To send it again:`, replay];
  if (delivery.state === "dead") return ["Nothing more is sent by itself. Once the endpoint is mended:", replay];
  if (delivery.state === "cancelled") {
    const isFinal = delivery.reason === "redacted" || delivery.reason === "uninstalled" || delivery.reason === "scope_lost";
    return isFinal ? ["Nothing more is sent, and it cannot be replayed."] : ["Nothing more is sent. If it can be received again:", replay];
  }
  if (delivery.nextAttemptAt === null)
    return ["It waits: its webhook or endpoint is paused, suspended or held; no attempt is used up meanwhile."];
  const at = Date.parse(delivery.nextAttemptAt);
  const next = `Attempt ${delivery.attemptCount + 1}`;
  if (at <= style.now) {
    const why = `${next} is due now: it goes out as soon as its endpoint has room and its rate allows.`;
    return delivery.endpointId === "" ? [why] : [`${why} What its endpoint waits for:`, `  genhook endpoints get ${delivery.endpointId}`];
  }
  return [`${next} in ${formatSpan(at - style.now)}, at ${clockTime(at, style)}; later if the endpoint is paused by then.`];
}
