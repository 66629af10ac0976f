import type { ApiClient, DeliveryEntry } from "@genhook/contract/client";
import { usage } from "../cli-error.ts";
import { confirm } from "../commands/confirm.ts";
import { explainError } from "../commands/explain-error.ts";
import { openSession, printJson, type CommonFlags } from "../commands/session.ts";
import { Table } from "../output/table.ts";
import { note, printLine, type Terminal } from "../output/terminal.ts";
import { count } from "../output/text.ts";
import { deliveryCallsOf, type DeliveryCalls } from "./delivery-calls.ts";
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
/** An app on one shop has no replay jobs. The ids of a run are kept, so that what is replayed is what was counted; a million take 100 MB. */
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
  /** That fit too, and can never be sent again. */
  readonly unsendable: number;
}

/** `genhook replay`: sends deliveries again, those that are named or all that fit a filter. */
export async function replay(ids: readonly string[], flags: ReplayFlags, terminal: Terminal): Promise<void> {
  const session = openSession(terminal, flags, ["platform", "app", "apps"]);
  const calls = deliveryCallsOf(session.connection.credentials);
  const { jobs } = calls;
  const rate = readPositive("--rate", flags.rate, 1_000) ?? RATE_DEFAULT;
  const limit = readPositive("--limit", flags.limit, MATCHED_MAX);
  const query = { ...queryOf(flags, terminal.now()), state: flags.state ?? "dead" };
  checkAsked(ids, Object.keys(query).length > 1 || flags.state !== undefined);
  try {
    if (ids.length === 1 && flags.dryRun !== true) return await replayOne(session.client, ids[0] ?? "", calls, flags, terminal);
    const lookedAtMax = limit ?? (jobs === null ? MATCHED_MAX : HERE_MAX);
    const rowsMax = limit === null ? lookedAtMax : MATCHED_MAX;
    const matched =
      ids.length > 0
        ? { ids, groups: [], isMore: false, unsendable: 0 }
        : await match(session.client, query, calls, { lookedAtMax, rowsMax });
    const byJob = matched.isMore && limit === null ? jobs : null;
    const total = byJob === null ? matched.ids.length : await countByJob(session.client, byJob, query);
    if (flags.json !== true) showGroups(matched, total, terminal);
    if (flags.dryRun === true) {
      if (flags.json === true) printJson(terminal, { matched: total, groups: matched.groups });
      return;
    }
    if (total > 0) await confirm(terminal, flags.yes === true, `Send ${count(total, "delivery", "deliveries")} again?`);
    if (byJob !== null) await replayByJob(session.client, byJob, query, rate, flags, terminal);
    else if (total > 0 || flags.json === true) await replayHere(session.client, matched.ids, rate, calls, flags, terminal);
  } catch (error) {
    throw explainError(error, session);
  }
}

function checkAsked(ids: readonly string[], isFiltered: boolean): void {
  if (ids.length > 0 && isFiltered) throw usage("Give ids, or a filter, not both.");
  if (ids.length > 0 || isFiltered) return;
  throw usage("Say which deliveries: an id, or a filter such as --state dead --since 1d.", "--dry-run counts them and sends nothing.");
}

async function replayOne(client: ApiClient, id: string, calls: DeliveryCalls, flags: ReplayFlags, terminal: Terminal): Promise<void> {
  const { delivery } = await client.call(calls.replay, { params: { id } });
  if (flags.json === true) printJson(terminal, { delivery });
  else printLine(terminal, `${delivery.id} is sent again, as round ${delivery.round}. To look: genhook deliveries get ${delivery.id}`);
}

/** What these ended as is refused a replay; counted with the others it would be promised first, and refused one by one. */
const NEVER_SENT_AGAIN: ReadonlySet<string> = new Set(["available", "redacted", "scope_lost", "uninstalled"]);

/** @param bounds How many to take at most, and how many to look at for it. */
async function match(
  client: ApiClient,
  query: DeliveryQuery,
  calls: DeliveryCalls,
  { lookedAtMax, rowsMax }: { readonly lookedAtMax: number; readonly rowsMax: number },
): Promise<Matched> {
  const ids: string[] = [];
  const groups = new Map<string, Group>();
  let [isMore, unsendable] = [false, 0];
  const input = { query: { ...query, limit: PAGE } };
  for await (const entry of client.entries(calls.list, input)) {
    isMore = ids.length >= lookedAtMax || ids.length + unsendable >= rowsMax;
    if (isMore) break;
    if (entry.reason !== null && NEVER_SENT_AGAIN.has(entry.reason)) {
      unsendable += 1;
      continue;
    }
    ids.push(entry.id);
    add(groups, entry);
  }
  return { ids, groups: [...groups.values()].sort((a, b) => b.count - a.count), isMore, unsendable };
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

function showGroups({ groups, ids, isMore, unsendable }: Matched, total: number, terminal: Terminal): void {
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
  if (unsendable > 0)
    note(
      terminal,
      `${unsendable.toLocaleString("en")} more cannot be sent again: of pull webhooks, erased, or of an app without the right to it.`,
    );
}

function readPositive(flag: string, text: string | undefined, max: number): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= max) return value;
  throw usage(`${flag} must be a number up to ${max.toLocaleString("en")}, not "${text}".`);
}
