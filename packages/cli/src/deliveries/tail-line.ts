import type { DeliveryEntry } from "@genhook/contract/client";
import { stateColour } from "../commands/columns.ts";
import { paint, type Terminal } from "../output/terminal.ts";
import { oneLine, widthOf, cut, pad } from "../output/text.ts";
import type { FailingEndpoint } from "./failing-endpoints.ts";
import { clockTime, relativeTime, type TimeStyle } from "../output/time.ts";

const MARKS: Readonly<Record<DeliveryEntry["state"], string>> = { delivered: "✓", dead: "✗", cancelled: "–", pending: "↻" };
const TOPIC_WIDTH = 16;
const ADDRESS_MIN = 12;

/** What happened to a delivery, on one line; where it was sent to, if there is room for it. */
export function tailLine(entry: DeliveryEntry, terminal: Pick<Terminal, "width" | "hasColour">, style: TimeStyle): string {
  const { state } = entry;
  const colour = stateColour(state);
  const mark = colour === null ? MARKS[state] : paint(terminal, colour, MARKS[state]);
  const outcome = outcomeOf(entry, style);
  const head = `${clockTime(Date.parse(entry.updateTime), style)} ${mark} ${pad(oneLine(entry.topic), TOPIC_WIDTH)} ${outcome}  ${paint(terminal, "dim", entry.id)}`;
  const room = terminal.width - widthOf(head) - 4;
  return room < ADDRESS_MIN || entry.address === "" ? head : `${head}  → ${cut(oneLine(entry.address), room)}`;
}

/** That an endpoint failed, where its deliveries are too many to show which. */
export function endpointLine(
  { id, address, lastFailureAt, lastStatus, lastError, breaker }: FailingEndpoint,
  terminal: Pick<Terminal, "hasColour">,
  style: TimeStyle,
): string {
  const at = clockTime(Date.parse(lastFailureAt ?? ""), style);
  const state = breaker === "closed" ? "" : `, breaker ${breaker}`;
  return `${at} ${paint(terminal, "red", "✗")} ${oneLine(address)} ${lastStatus ?? lastError ?? "failed"}${state}; much waits  ${paint(terminal, "dim", id)}`;
}

function outcomeOf({ state, attemptCount, lastStatus, lastError, reason, nextAttemptAt }: DeliveryEntry, style: TimeStyle): string {
  const answer = lastStatus ?? lastError;
  const tries = attemptCount > 1 ? ` try ${attemptCount}` : "";
  // What nothing is sent of, in pull mode, says so.
  if (state === "delivered") return `${answer ?? reason ?? ""}${tries}`;
  if (state !== "pending") return answer === null ? (reason ?? state) : `${reason ?? state}, ${answer}${tries}`;
  const nextAt = nextAttemptAt === null ? null : Date.parse(nextAttemptAt);
  // What is due and has not come yet waits for its endpoint, or for a hold to end.
  const next = nextAt === null ? "" : nextAt <= style.now ? ", due" : `, next ${relativeTime(nextAt, style.now)}`;
  return `${answer ?? "waits"}${tries}${next}`;
}
