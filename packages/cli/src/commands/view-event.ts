import type { EventEntry } from "@genhook/contract/client";
import { pairs, Table } from "../output/table.ts";
import { paint, printLine, type Terminal } from "../output/terminal.ts";
import { harmless } from "../output/text.ts";
import { showTime, type TimeStyle } from "../output/time.ts";
import { columnsOf } from "./columns.ts";

/** An event with its payload and what became of its deliveries. */
export function viewEvent(event: EventEntry, terminal: Terminal, style: TimeStyle): void {
  const head = pairs(terminal, [
    ["event", event.id],
    ["topic", event.topic],
    ["shop", event.shop],
    ["version", event.apiVersion],
    ["happened", showTime(event.triggeredAt, style)],
    ["accepted", showTime(event.createTime, style)],
  ]);
  for (const line of head) printLine(terminal, line);
  printLine(terminal);
  printLine(terminal, paint(terminal, "dim", "payload"));
  printLine(terminal, event.payload === null ? "erased, on account of a redact event" : harmless(JSON.stringify(event.payload, null, 2)));
  printLine(terminal);
  if (event.deliveries.length === 0) {
    printLine(terminal, `No webhook was owed it. Why not, for each: genhook why ${event.id}`);
    return;
  }
  for (const line of new Table(columnsOf("deliveries", event.deliveries[0], style), terminal).lines(event.deliveries))
    printLine(terminal, line);
}
