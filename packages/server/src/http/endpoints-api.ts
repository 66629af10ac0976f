import {
  measureBacklog,
  resumeEndpoint,
  setEndpointRate,
  SHARDS,
  suspendsAt,
  type Backlog,
  type Clock,
  type Directory,
  type DirectoryService,
  type EndpointState,
  type Engine,
  type Hold,
  type Store,
  type Subscription,
} from "@genhook/core";
import { fail, valueOf } from "./api-error.ts";
import { audited, auditRecord } from "./audited.ts";
import { readJsonBody, type Call, type Reply } from "./call.ts";
import type { Handler } from "./directory-api.ts";
import { operatorHold, tenantHold } from "./held-view.ts";
import { readHost } from "./holds-api.ts";
import { owns, unowned, type OwnedHandler, type Owner } from "./owner.ts";
import { pageLinks, pageOf, readPaging } from "./paging.ts";
import { momentText } from "./views.ts";

export interface EndpointsApiOptions {
  readonly store: Pick<Store, "endpoints" | "tasks" | "directory">;
  readonly directory: DirectoryService;
  readonly engine: Pick<Engine, "endpoints">;
  readonly clock: Clock;
}

const ALL_SHARDS: readonly number[] = Array.from({ length: SHARDS }, (_, shard) => shard);

/** The calls of endpoints, each for an operator or for an app's developer. */
export interface EndpointCalls {
  readonly list: OwnedHandler;
  readonly get: OwnedHandler;
  readonly change: OwnedHandler;
  readonly probe: OwnedHandler;
  readonly resume: OwnedHandler;
}

/** Endpoints: how they are doing, and what is done about it. */
export function endpointCalls(options: EndpointsApiOptions): EndpointCalls {
  const { store, directory, engine, clock } = options;
  const sorted = sortedIds(directory);
  const show = async (id: string, owner: Owner): Promise<Reply> => {
    const [state] = await statesOf(options, [id]);
    const own = ownAt(options, id, owner);
    const backlog = await measureBacklog(store.tasks, own);
    return { body: { endpoint: { ...endpointView(options, own, state ?? null, owner), backlog: backlogView(backlog) } } };
  };
  return {
    list: async (call, owner) => {
      const paging = readPaging(call);
      const ids = await fitting(options, owner === null ? sorted : () => idsOf(options, owner), paging.filters, owner);
      const { page, ...turns } = pageOf(ids, (id) => id, paging);
      const states = new Map((await statesOf(options, page)).map((state) => [state.endpoint, state]));
      const endpoints = page.flatMap((id) => {
        const own = ownAt(options, id, owner);
        return own.length === 0 ? [] : [endpointView(options, own, states.get(id) ?? null, owner)];
      });
      return { headers: pageLinks(call, paging, turns), body: { endpoints } };
    },
    get: (call, owner) => show(find(options, call, owner), owner),
    change: async (call, owner) => {
      const id = find(options, call, owner);
      const { ratePerSecond } = (await readJsonBody(call)) as { readonly ratePerSecond: number | null };
      const before = (current: Directory): unknown => ({ ratePerSecond: current.rates.ofOperator(id) });
      const decide = audited(call, `endpoint ${id}`, setEndpointRate(id, ratePerSecond), before, () => ({ ratePerSecond }));
      valueOf(await directory.change(decide));
      return show(id, owner);
    },
    probe: async (call, owner) => {
      const id = find(options, call, owner);
      await refuseProbe(options, id, owner);
      // Another process's endpoint: it looks for what it is asked every two seconds.
      if (!engine.endpoints.probe(id)) await store.endpoints.askProbe(id, clock.now());
      await store.directory.record(auditRecord(call, `endpoint ${id}`, null, null, clock.now()));
      return show(id, owner);
    },
    resume: async (call, owner) => {
      const id = find(options, call, owner);
      const resumed = (value: readonly Subscription[]): unknown => ({ webhooks: value.map((each) => each.id) });
      valueOf(await directory.change(audited(call, `endpoint ${id}`, resumeEndpoint(id), () => null, resumed)));
      return show(id, owner);
    },
  };
}

/** The same under the names of the operators' routes. */
export function endpointHandlers({ list, get, change, probe, resume }: EndpointCalls): Readonly<Record<string, Handler>> {
  return {
    listEndpoints: unowned(list),
    getEndpoint: unowned(get),
    changeEndpoint: unowned(change),
    probeEndpoint: unowned(probe),
    resumeEndpoint: unowned(resume),
  };
}

/** The webhooks of an endpoint that the caller may see. */
function ownAt({ directory }: EndpointsApiOptions, id: string, owner: Owner): readonly Subscription[] {
  const all = directory.directory.subscriptionsAt(id);
  return owner === null ? all : all.filter((each) => owns(owner, each));
}

/** Ids of an owner's endpoints, in order. */
function idsOf({ directory }: EndpointsApiOptions, owner: NonNullable<Owner>): readonly string[] {
  const own = directory.directory.subscriptionsOfApp(owner.app.id).filter((each) => owns(owner, each));
  return [...new Set(own.map((each) => each.endpoint))].sort();
}

/** Ids of all endpoints in order; sorted again only when the directory has changed. */
function sortedIds({ directory }: DirectoryService): () => readonly string[] {
  let ids: readonly string[] = [];
  let version = -1;
  return () => {
    if (version !== directory.version) {
      version = directory.version;
      ids = [...directory.endpoints()].sort();
    }
    return ids;
  };
}

/** 409 unless the breaker is open and something that may be sent is due. */
async function refuseProbe(options: EndpointsApiOptions, id: string, owner: Owner): Promise<void> {
  const { store, directory, clock } = options;
  const [state] = await statesOf(options, [id]);
  if (state?.breaker !== "open") return fail("nothing_to_probe", "The endpoint's breaker is closed: what is due is sent anyway.", "id");
  const now = clock.now();
  const sendable = ownAt(options, id, owner).filter((each) => each.status === "active" && directory.directory.holdOver(each, now) === null);
  if (sendable.length === 0) return fail("nothing_to_probe", "All webhooks of the endpoint are paused, suspended, disabled or held.", "id");
  const { oldestDue } = await measureBacklog(store.tasks, sendable);
  if (oldestDue === null) return fail("nothing_to_probe", "Nothing is owed to the endpoint, so there is nothing to try it with.", "id");
  if (oldestDue > now)
    fail("nothing_to_probe", `Nothing is due before ${momentText(oldestDue)}, so there is nothing to try it with.`, "id");
}

/** The states of endpoints, from memory where this process owns them, otherwise as they were written down. */
async function statesOf({ store, engine }: EndpointsApiOptions, ids: readonly string[]): Promise<readonly EndpointState[]> {
  if (ids.length === 0) return [];
  const stored = new Map((await store.endpoints.read(ids)).map((state) => [state.endpoint, state]));
  return ids.flatMap((id) => current(engine, id, stored.get(id) ?? null) ?? []);
}

/** Memory keeps nothing of an endpoint that does well; how it last failed is still written down. */
function current(engine: EndpointsApiOptions["engine"], id: string, stored: EndpointState | null): EndpointState | null {
  const live = engine.endpoints.stateOf(id);
  if (live === null) return stored;
  const lastFailure = live.lastFailureAt === null && stored !== null ? pickFailure(stored) : {};
  return { ...live, lastSuccessAt: live.lastSuccessAt ?? stored?.lastSuccessAt ?? null, ...lastFailure };
}

function pickFailure({ lastFailureAt, lastStatus, lastError }: EndpointState): Partial<EndpointState> {
  return { lastFailureAt, lastStatus, lastError };
}

/** One that has none of the owner's webhooks is not told apart from none. */
function find(options: EndpointsApiOptions, call: Call, owner: Owner): string {
  const id = call.params["id"] ?? "";
  return ownAt(options, id, owner).length > 0 ? id : fail("not_found", "There is no endpoint with this id.");
}

/** Ids, sorted. */
async function fitting(
  options: EndpointsApiOptions,
  sorted: () => readonly string[],
  given: Readonly<Record<string, string>>,
  owner: Owner,
): Promise<readonly string[]> {
  const { directory, store, engine, clock } = options;
  const { clientId, state } = given;
  const host = given["host"] === undefined ? null : readHost(given["host"], "host");
  const app = clientId === undefined ? null : directory.directory.appByClientId(clientId);
  if (app === undefined) return [];
  const now = clock.now();
  const isInTrouble = (each: EndpointState | null): boolean =>
    state === "open" ? each?.breaker === "open" : state === "failing" ? each !== null && each.failing !== null : true;
  const stored =
    state === "open" || state === "failing"
      ? new Map((await store.endpoints.ofShards(ALL_SHARDS)).map((each) => [each.endpoint, each]))
      : new Map<string, EndpointState>();
  const fits = (id: string): boolean => {
    const own = ownAt(options, id, owner);
    const [first] = own;
    if (first === undefined || (app !== null && first.app !== app.id) || (host !== null && first.host !== host)) return false;
    if (state === "suspended") return own.some((each) => each.statusReason === "endpoint_failing");
    if (state === "held") return own.some((each) => directory.directory.holdOver(each, now) !== null);
    return state === undefined || isInTrouble(engine.endpoints.stateOf(id) ?? stored.get(id) ?? null);
  };
  return sorted().filter(fits);
}

function endpointView(
  { directory: { directory }, clock }: EndpointsApiOptions,
  own: readonly Subscription[],
  state: EndpointState | null,
  owner: Owner,
): Record<string, unknown> {
  const now = clock.now();
  const [first] = own;
  if (first === undefined) throw new Error("an endpoint without webhooks was shown");
  const holds = own.flatMap((each) => directory.holdOver(each, now) ?? []);
  const { origin, pathname } = new URL(first.address);
  const failing = state?.failing ?? null;
  const at = (moment: number | null | undefined): string | null => (moment === null || moment === undefined ? null : momentText(moment));
  return {
    id: first.endpoint,
    clientId: directory.app(first.app)?.clientId ?? "",
    address: origin + pathname,
    host: first.host,
    webhooks: { ...countStatuses(own), held: holds.length },
    breaker: state?.breaker ?? "closed",
    openedAt: at(state?.openedAt),
    nextProbeAt: at(state?.nextProbeAt),
    // What another process wrote down may have passed since.
    pausedUntil: (state?.pausedUntil ?? 0) > now ? at(state?.pausedUntil) : null,
    concurrency: state?.concurrency ?? null,
    ratePerSecond: directory.rates.ofOperator(first.endpoint),
    effectiveRatePerSecond: directory.rates.of(first.endpoint),
    failingSince: at(failing?.since),
    failedAttempts: failing?.attempts ?? 0,
    warnedPercent: failing?.warnedPercent ?? 0,
    suspendsAt: failing === null || state?.suspendedAt !== null ? null : momentText(suspendsAt(failing)),
    lastSuccessAt: at(state?.lastSuccessAt),
    lastFailureAt: at(state?.lastFailureAt),
    lastStatus: state?.lastStatus ?? null,
    lastError: state?.lastError ?? null,
    held: longest(holds, owner === null ? operatorHold : tenantHold),
  };
}

function longest(holds: readonly Hold[], show: (hold: Hold) => Record<string, unknown>): Record<string, unknown> | null {
  const [first, ...others] = holds;
  if (first === undefined) return null;
  const end = (hold: Hold): number => hold.endsAt ?? Number.POSITIVE_INFINITY;
  return show(others.reduce((last, each) => (end(each) > end(last) ? each : last), first));
}

function countStatuses(own: readonly Subscription[]): Record<string, number> {
  const counts = { active: 0, paused: 0, suspended: 0, disabled: 0 };
  for (const { status, statusReason } of own) counts[statusReason === "scope_lost" ? "disabled" : status] += 1;
  return counts;
}

function backlogView({ pending, hasMore, oldestDue }: Backlog): Record<string, unknown> {
  return { pending, more: hasMore, oldestPendingAt: oldestDue === null ? null : momentText(oldestDue) };
}
