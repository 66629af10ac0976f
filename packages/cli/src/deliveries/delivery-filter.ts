import type { Option } from "commander";
import { usage } from "../cli-error.ts";
import { wholeDomain } from "../commands/whole-domain.ts";
import { readTime } from "../output/time.ts";

/** Which deliveries, as the flags of `tail` and `replay` say it. */
export interface FilterFlags {
  readonly shop?: string;
  readonly clientId?: string;
  readonly webhook?: string;
  readonly endpoint?: string;
  readonly topic?: string;
  readonly event?: string;
  readonly since?: string;
  readonly until?: string;
}

export type DeliveryQuery = Readonly<Record<string, string>>;

export const FILTER_OPTIONS: readonly (readonly [flags: string, text: string])[] = [
  ["--shop <domain>", "of this shop; my-shop means my-shop.genmystore.com"],
  ["--client-id <id>", "of this app"],
  ["--webhook <id>", "of this webhook"],
  ["--endpoint <id>", "of this endpoint"],
  ["--topic <name>", "of this topic"],
  ["--event <id>", "of this event"],
  ["--since <time>", "of events accepted since: 15m, 2h or 3d (so long ago), or a date"],
  ["--until <time>", "of events accepted until"],
];

export function addFilterOptions(command: { option(flags: string, text: string): unknown; readonly options: readonly Option[] }): void {
  for (const [flags, text] of FILTER_OPTIONS) command.option(flags, text);
}

/** The query of a list of deliveries. */
export function queryOf(flags: FilterFlags, now: number): DeliveryQuery {
  const members: Readonly<Record<string, string | undefined>> = {
    shop: flags.shop === undefined ? undefined : wholeDomain(flags.shop),
    clientId: flags.clientId,
    webhookId: flags.webhook,
    endpointId: flags.endpoint,
    topic: flags.topic,
    eventId: flags.event,
    createTimeMin: timeOf("--since", flags.since, now),
    createTimeMax: timeOf("--until", flags.until, now),
  };
  return Object.fromEntries(Object.entries(members).filter((member): member is [string, string] => member[1] !== undefined));
}

function timeOf(flag: string, text: string | undefined, now: number): string | undefined {
  if (text === undefined) return undefined;
  const time = readTime(text, now);
  if (time === null)
    throw usage(`${flag} must be a time: 15m, 2h or 3d (so long ago), now, 2025-01-31, or 2025-01-31T12:00:00Z, not "${text}".`);
  return time;
}
