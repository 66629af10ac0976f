import type { Outcome } from "@genhook/core";
import { paint, type Terminal } from "../output/terminal.ts";
import { cut, oneLine, pad } from "../output/text.ts";
import { clockTime, formatSpan, type TimeStyle } from "../output/time.ts";
import type { MissingEvent, PulledEvent } from "./pull-feed.ts";

const TOPIC_WIDTH = 16;
const BODY_SHOWN = 80;

export type Answer = Exclude<Outcome, { kind: "aborted" }>;

export function isTaken(answer: Answer): boolean {
  return answer.kind === "response" && answer.status >= 200 && answer.status <= 299;
}

/** An event, and what the local server made of it, on one line. Null: it is not forwarded. */
export function listenLine(event: PulledEvent, answer: Answer | null, terminal: Terminal, style: TimeStyle): string {
  const head = `${clockTime(terminal.now(), style)} ${markOf(answer, terminal)} ${pad(oneLine(event.topic), TOPIC_WIDTH)}`;
  const tail = paint(terminal, "dim", `#${event.sequence} ${event.id}`);
  return answer === null ? `${head} ${tail}` : `${head} ${outcomeOf(answer)}  ${tail}`;
}

/** A number without an event. */
export function missingLine({ sequence, id, state, reason }: MissingEvent, topic: string, terminal: Terminal, style: TimeStyle): string {
  const why = `${state}${reason === null ? "" : `, ${reason}`}`;
  return paint(terminal, "dim", `${clockTime(terminal.now(), style)} – ${pad(topic, TOPIC_WIDTH)} ${why}  #${sequence} ${id}`);
}

function markOf(answer: Answer | null, terminal: Terminal): string {
  if (answer === null) return paint(terminal, "cyan", "●");
  return isTaken(answer) ? paint(terminal, "green", "✓") : paint(terminal, "red", "✗");
}

function outcomeOf(answer: Answer): string {
  if (answer.kind === "failure") return `${answer.error} after ${formatSpan(answer.durationMs)}`;
  const said = Buffer.from(answer.responseBody).toString("utf8").trim();
  const body = isTaken(answer) || said === "" ? "" : ` ${cut(oneLine(said), BODY_SHOWN)}`;
  return `${answer.status} in ${formatSpan(answer.durationMs)}${body}`;
}
