import { ApiError, type ApiClient, type DeliveryEntry } from "@genhook/contract/client";
import { CliError, usage } from "../cli-error.ts";
import { confirm } from "../commands/confirm.ts";
import { explainError } from "../commands/explain-error.ts";
import { openSession, printJson, type CommonFlags } from "../commands/session.ts";
import { Progress } from "../output/progress.ts";
import { Table } from "../output/table.ts";
import { note, printLine, type Terminal } from "../output/terminal.ts";
import { count } from "../output/text.ts";
import { pause } from "../pause.ts";
import { queryOf, type FilterFlags } from "./delivery-filter.ts";

export interface ReplayFlags extends CommonFlags, FilterFlags {
  readonly state?: "dead" | "delivered" | "cancelled";
  readonly limit?: string;
  readonly rate?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const PAGE = 250;
const IN_FLIGHT_MAX = 4;
const RATE_DEFAULT = 50;
/** The ids of a run are kept, so that what is replayed is what was counted; a million take 100 MB. */
const MATCHED_MAX = 1_000_000;

/** A part of what matched, as it is counted before a replay. */
interface Group {
  readonly reason: string;
  readonly topic: string;
  readonly address: string;
  count: number;
}

interface Outcome {
  replayed: number;
  /** Pending again, or gone, since they were counted. */
  passedBy: number;
  readonly refused: Map<string, number>;
}

/** `genhook replay`: sends deliveries again, those that are named or all that fit a filter. */
export async function replay(ids: readonly string[], flags: ReplayFlags, terminal: Terminal): Promise<void> {
  const session = openSession(terminal, flags, ["platform", "app"]);
  const rate = readPositive("--rate", flags.rate, 10_000) ?? RATE_DEFAULT;
  const limit = readPositive("--limit", flags.limit, MATCHED_MAX) ?? MATCHED_MAX;
  const isOwn = session.connection.credentials.kind === "app";
  const query = { ...queryOf(flags, terminal.now()), state: flags.state ?? "dead" };
  const isFiltered = Object.keys(query).length > 1 || flags.state !== undefined;
  if (ids.length > 0 && isFiltered) throw usage("Give ids, or a filter, not both.");
  if (ids.length === 0 && !isFiltered) {
    throw usage("Say which deliveries: an id, or a filter such as --state dead --since 1d.", "--dry-run counts them and sends nothing.");
  }
  try {
    if (ids.length === 1 && flags.dryRun !== true) return await replayOne(session.client, ids[0] ?? "", isOwn, flags, terminal);
    const { matched, groups } = ids.length > 0 ? { matched: ids, groups: [] } : await match(session.client, query, isOwn, limit);
    if (flags.json !== true) showGroups(groups, matched.length, terminal);
    if (flags.dryRun === true) {
      if (flags.json === true) printJson(terminal, { matched: matched.length, groups });
      return;
    }
    if (matched.length === 0)
      return void (flags.json === true && printJson(terminal, { matched: 0, replayed: 0, passedBy: 0, refused: {} }));
    await confirm(terminal, flags.yes === true, `Send ${count(matched.length, "delivery", "deliveries")} again?`);
    await replayMany(session.client, matched, rate, isOwn, flags, terminal);
  } catch (error) {
    throw explainError(error, session);
  }
}

async function replayOne(client: ApiClient, id: string, isOwn: boolean, flags: ReplayFlags, terminal: Terminal): Promise<void> {
  const { delivery } = await client.call(isOwn ? "replayOwnDelivery" : "replayDelivery", { params: { id } });
  if (flags.json === true) printJson(terminal, { delivery });
  else printLine(terminal, `${delivery.id} is sent again, as round ${delivery.round}. To look: genhook deliveries get ${delivery.id}`);
}

async function match(
  client: ApiClient,
  query: Readonly<Record<string, string>>,
  isOwn: boolean,
  limit: number,
): Promise<{ readonly matched: readonly string[]; readonly groups: readonly Group[] }> {
  const matched: string[] = [];
  const groups = new Map<string, Group>();
  const input = { query: { ...query, limit: PAGE } };
  for await (const entry of client.entries(isOwn ? "listOwnDeliveries" : "listDeliveries", input)) {
    if (matched.length >= limit) break;
    matched.push(entry.id);
    add(groups, entry);
  }
  return { matched, groups: [...groups.values()].sort((a, b) => b.count - a.count) };
}

function add(groups: Map<string, Group>, entry: DeliveryEntry): void {
  const { topic, address, state } = entry;
  const reason = entry.reason ?? state;
  const key = `${reason} ${topic} ${address}`;
  const group = groups.get(key);
  if (group === undefined) groups.set(key, { reason, topic, address, count: 1 });
  else group.count += 1;
}

const GROUPS_SHOWN = 20;

function showGroups(groups: readonly Group[], matched: number, terminal: Terminal): void {
  if (groups.length > 0) {
    const table = new Table<Group>(
      [
        { title: "DELIVERIES", text: (group) => group.count.toLocaleString("en"), isNumber: true, isKey: true },
        { title: "WHY", text: (group) => group.reason },
        { title: "TOPIC", text: (group) => group.topic },
        { title: "ADDRESS", text: (group) => group.address, isFlexible: true, isKey: true },
      ],
      terminal,
    );
    for (const line of table.lines(groups.slice(0, GROUPS_SHOWN))) printLine(terminal, line);
    if (groups.length > GROUPS_SHOWN) printLine(terminal, `and ${groups.length - GROUPS_SHOWN} more addresses`);
  }
  printLine(terminal, `${count(matched, "delivery", "deliveries")} ${matched === 1 ? "matches" : "match"}`);
}

async function replayMany(
  client: ApiClient,
  ids: readonly string[],
  rate: number,
  isOwn: boolean,
  flags: ReplayFlags,
  terminal: Terminal,
): Promise<void> {
  const outcome: Outcome = { replayed: 0, passedBy: 0, refused: new Map() };
  const progress = new Progress(terminal, ids.length, "deliveries");
  const interrupts = terminal.interrupts();
  const startedAt = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < ids.length && !interrupts.aborted) {
      const index = next;
      next += 1;
      const waitMs = startedAt + (index * 1_000) / rate - performance.now();
      if (waitMs > 0) await pause(waitMs, interrupts);
      if (interrupts.aborted) return;
      await replayInto(outcome, client, ids[index] ?? "", isOwn);
      progress.advance(1);
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT_MAX }, worker));
  } finally {
    progress.end();
    showOutcome(outcome, ids.length, flags, terminal);
  }
  if (interrupts.aborted)
    throw new CliError(
      "interrupted",
      "interrupted",
      `Stopped after ${outcome.replayed.toLocaleString("en")} of ${ids.length.toLocaleString("en")}.`,
    );
}

async function replayInto(outcome: Outcome, client: ApiClient, id: string, isOwn: boolean): Promise<void> {
  try {
    await client.call(isOwn ? "replayOwnDelivery" : "replayDelivery", { params: { id } });
    outcome.replayed += 1;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.code === "delivery_pending" || error.code === "not_found") outcome.passedBy += 1;
    else if (error.code === "replay_refused") outcome.refused.set(error.message, (outcome.refused.get(error.message) ?? 0) + 1);
    else throw error;
  }
}

function showOutcome(outcome: Outcome, matched: number, flags: ReplayFlags, terminal: Terminal): void {
  const { replayed, passedBy, refused } = outcome;
  if (flags.json === true) return printJson(terminal, { matched, replayed, passedBy, refused: Object.fromEntries(refused) });
  printLine(terminal, `${count(replayed, "delivery", "deliveries")} sent again`);
  if (passedBy > 0) printLine(terminal, `${passedBy.toLocaleString("en")} passed by: pending again, or dropped, since they were counted`);
  for (const [message, refusals] of refused) note(terminal, `${refusals.toLocaleString("en")} refused: ${message}`);
}

function readPositive(flag: string, text: string | undefined, max: number): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= max) return value;
  throw usage(`${flag} must be a number up to ${max.toLocaleString("en")}, not "${text}".`);
}
