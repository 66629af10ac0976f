import type { ApiClient, DeliveryEntry } from "@genhook/contract/client";
import { usage } from "../cli-error.ts";
import { confirm } from "../commands/confirm.ts";
import { explainError } from "../commands/explain-error.ts";
import { openSession, printJson, type CommonFlags } from "../commands/session.ts";
import { Table } from "../output/table.ts";
import { printLine, type Terminal } from "../output/terminal.ts";
import { count } from "../output/text.ts";
import { queryOf, type DeliveryQuery, type FilterFlags } from "./delivery-filter.ts";
import { replayHere } from "./replay-here.ts";
import { countByJob, replayByJob } from "./replay-job.ts";

export interface ReplayFlags extends CommonFlags, FilterFlags {
  readonly state?: "dead" | "delivered" | "cancelled";
  readonly limit?: string;
  readonly rate?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

const PAGE = 250;
const RATE_DEFAULT = 50;
/** More than this is the server's work: a replay job goes on whatever happens here. */
const HERE_MAX = 2_000;
/** Apps have no replay jobs. The ids of a run are kept, so that what is replayed is what was counted; a million take 100 MB. */
const MATCHED_MAX = 1_000_000;

/** A part of what matched, as it is counted before a replay. */
interface Group {
  readonly reason: string;
  readonly topic: string;
  readonly address: string;
  count: number;
}

interface Matched {
  readonly ids: readonly string[];
  readonly groups: readonly Group[];
  /** There are more than were looked at. */
  readonly isMore: boolean;
}

/** `genhook replay`: sends deliveries again, those that are named or all that fit a filter. */
export async function replay(ids: readonly string[], flags: ReplayFlags, terminal: Terminal): Promise<void> {
  const session = openSession(terminal, flags, ["platform", "app"]);
  const isOwn = session.connection.credentials.kind === "app";
  const rate = readPositive("--rate", flags.rate, 1_000) ?? RATE_DEFAULT;
  const limit = readPositive("--limit", flags.limit, MATCHED_MAX);
  const query = { ...queryOf(flags, terminal.now()), state: flags.state ?? "dead" };
  checkAsked(ids, Object.keys(query).length > 1 || flags.state !== undefined);
  try {
    if (ids.length === 1 && flags.dryRun !== true) return await replayOne(session.client, ids[0] ?? "", isOwn, flags, terminal);
    const lookedAtMax = limit ?? (isOwn ? MATCHED_MAX : HERE_MAX);
    const matched = ids.length > 0 ? { ids, groups: [], isMore: false } : await match(session.client, query, isOwn, lookedAtMax);
    const isJob = matched.isMore && limit === null && !isOwn;
    const total = isJob ? await countByJob(session.client, query) : matched.ids.length;
    if (flags.json !== true) showGroups(matched, total, terminal);
    if (flags.dryRun === true) {
      if (flags.json === true) printJson(terminal, { matched: total, groups: matched.groups });
      return;
    }
    if (total > 0) await confirm(terminal, flags.yes === true, `Send ${count(total, "delivery", "deliveries")} again?`);
    if (isJob) await replayByJob(session.client, query, rate, flags, terminal);
    else if (total > 0 || flags.json === true) await replayHere(session.client, matched.ids, rate, isOwn, flags, terminal);
  } catch (error) {
    throw explainError(error, session);
  }
}

function checkAsked(ids: readonly string[], isFiltered: boolean): void {
  if (ids.length > 0 && isFiltered) throw usage("Give ids, or a filter, not both.");
  if (ids.length > 0 || isFiltered) return;
  throw usage("Say which deliveries: an id, or a filter such as --state dead --since 1d.", "--dry-run counts them and sends nothing.");
}

async function replayOne(client: ApiClient, id: string, isOwn: boolean, flags: ReplayFlags, terminal: Terminal): Promise<void> {
  const { delivery } = await client.call(isOwn ? "replayOwnDelivery" : "replayDelivery", { params: { id } });
  if (flags.json === true) printJson(terminal, { delivery });
  else printLine(terminal, `${delivery.id} is sent again, as round ${delivery.round}. To look: genhook deliveries get ${delivery.id}`);
}

async function match(client: ApiClient, query: DeliveryQuery, isOwn: boolean, lookedAtMax: number): Promise<Matched> {
  const ids: string[] = [];
  const groups = new Map<string, Group>();
  let isMore = false;
  const input = { query: { ...query, limit: PAGE } };
  for await (const entry of client.entries(isOwn ? "listOwnDeliveries" : "listDeliveries", input)) {
    isMore = ids.length >= lookedAtMax;
    if (isMore) break;
    ids.push(entry.id);
    add(groups, entry);
  }
  return { ids, groups: [...groups.values()].sort((a, b) => b.count - a.count), isMore };
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

function showGroups({ groups, ids, isMore }: Matched, total: number, terminal: Terminal): void {
  if (isMore && total > ids.length) printLine(terminal, `of the newest ${ids.length.toLocaleString("en")}:`);
  if (groups.length > 0) {
    const table = new Table<Group>(
      [
        { title: "DELIVERIES", text: (group) => group.count.toLocaleString("en"), isNumber: true, isKey: true },
        { title: "WHY", text: (group) => group.reason },
        { title: "TOPIC", text: (group) => group.topic },
        { title: "ADDRESS", text: (group) => group.address, cutTo: 12, isKey: true },
      ],
      terminal,
    );
    for (const line of table.lines(groups.slice(0, GROUPS_SHOWN))) printLine(terminal, line);
    if (groups.length > GROUPS_SHOWN) printLine(terminal, `and ${groups.length - GROUPS_SHOWN} more addresses`);
  }
  printLine(terminal, `${count(total, "delivery", "deliveries")} ${total === 1 ? "matches" : "match"}`);
}

function readPositive(flag: string, text: string | undefined, max: number): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= max) return value;
  throw usage(`${flag} must be a number up to ${max.toLocaleString("en")}, not "${text}".`);
}
