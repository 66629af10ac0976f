import type { ApiClient, ReplayEntry } from "@genhook/contract/client";
import { CliError } from "../cli-error.ts";
import { printJson, type CommonFlags } from "../commands/session.ts";
import { Progress } from "../output/progress.ts";
import { note, printLine, type Terminal } from "../output/terminal.ts";
import { count } from "../output/text.ts";
import { pause } from "../pause.ts";
import type { DeliveryCalls } from "./delivery-calls.ts";
import type { DeliveryQuery } from "./delivery-filter.ts";

type JobCalls = NonNullable<DeliveryCalls["jobs"]>;

const LOOK_EVERY_MS = 500;

/** How many deliveries fit, by a dry run of the server. */
export async function countByJob(client: ApiClient, calls: JobCalls, filter: DeliveryQuery): Promise<number> {
  const { replay } = await client.call(calls.create, { body: { filter, dryRun: true } });
  const counted = await watch(client, calls, replay, (each) => each.state !== "running", new AbortController().signal);
  return counted.matched;
}

/** Lets the server replay, and watches it: a job goes on when nobody watches any more, and after a restart. */
export async function replayByJob(
  client: ApiClient,
  calls: JobCalls,
  filter: DeliveryQuery,
  rate: number,
  flags: CommonFlags,
  terminal: Terminal,
): Promise<void> {
  const { replay } = await client.call(calls.create, { body: { filter, ratePerSecond: Math.max(1, Math.round(rate)) } });
  const interrupts = terminal.interrupts();
  let progress: Progress | null = null;
  let shown = 0;
  const last = await watch(
    client,
    calls,
    replay,
    (each) => {
      if (each.counted) {
        progress ??= new Progress(terminal, each.matched, "deliveries");
        progress.advance(each.done - shown);
        shown = each.done;
      }
      return each.state !== "running";
    },
    interrupts,
  );
  (progress as Progress | null)?.end();
  if (flags.json === true) printJson(terminal, { replay: last });
  else printLine(terminal, `${count(last.reopened, "delivery", "deliveries")} sent again; replay ${last.id} is ${last.state}`);
  if (!interrupts.aborted) return;
  note(terminal, `It goes on at the server. To look: genhook replays get ${last.id}. To end it: genhook replays cancel ${last.id}`);
  throw new CliError("interrupted", "interrupted", "No longer watched.");
}

async function watch(
  client: ApiClient,
  calls: JobCalls,
  first: ReplayEntry,
  isOver: (replay: ReplayEntry) => boolean,
  interrupts: AbortSignal,
): Promise<ReplayEntry> {
  let replay = first;
  while (!isOver(replay) && !interrupts.aborted) {
    await pause(LOOK_EVERY_MS, interrupts);
    if (!interrupts.aborted) ({ replay } = await client.call(calls.get, { params: { id: replay.id } }));
  }
  return replay;
}
