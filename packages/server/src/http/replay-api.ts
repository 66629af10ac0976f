import { PAGE_LIMIT_MAX, REPLAY_RATE_DEFAULT } from "@genhook/contract";
import {
  cancelReplay,
  isUuid,
  pauseReplay,
  resumeReplay,
  type Directory,
  type ReplayFilter,
  type ReplayJob,
  type ReplayRunner,
  type Result,
  type Shop,
  type Store,
  type Turn,
} from "@genhook/core";
import { fail, valueOf } from "./api-error.ts";
import { auditRecord } from "./audited.ts";
import { readJsonBody, type Call, type Reply } from "./call.ts";
import { findSubscription, readTime } from "./deliveries-routes.ts";
import { owns, type OwnedHandler, type Owner } from "./owner.ts";
import { pageLinks, readPaging, readStoredPage } from "./paging.ts";
import { momentText } from "./views.ts";

export interface ReplayApiOptions {
  readonly store: Pick<Store, "replayJobs" | "directory">;
  readonly directory: Directory;
  readonly runner: Pick<ReplayRunner, "wake">;
  readonly newId: () => string;
  readonly now: () => number;
}

interface ReplayBody {
  /** An id may be a number. */
  readonly filter: Readonly<Record<string, string | number>>;
  readonly dryRun?: boolean;
  readonly ratePerSecond?: number;
}

/** The calls of replay jobs, each for an operator or for an app's developer. */
export interface ReplayCalls {
  readonly create: OwnedHandler;
  readonly list: OwnedHandler;
  readonly get: OwnedHandler;
  readonly pause: OwnedHandler;
  readonly resume: OwnedHandler;
  readonly cancel: OwnedHandler;
}

/** Sending many deliveries again: replay jobs as the platform API shows them, and an app's own as its developers see them. */
export function replayCalls(options: ReplayApiOptions): ReplayCalls {
  const { store, directory, runner, newId, now } = options;
  const show = (job: ReplayJob): Reply => ({ body: { replay: replayView(options, job) } });
  const change = (step: (job: ReplayJob, at: number) => Result<ReplayJob>): OwnedHandler => {
    return async (call, owner) => {
      for (;;) {
        const before = await find(options, call, owner);
        const after = valueOf(step(before, now()));
        if (after === before) return show(before);
        if (!(await store.replayJobs.save(after, before.revision))) continue;
        await store.directory.record(auditRecord(call, `replay ${after.id}`, { state: before.state }, { state: after.state }, now()));
        runner.wake();
        return show({ ...after, revision: before.revision + 1 });
      }
    };
  };
  return {
    create: async (call, owner) => {
      const body = (await readJsonBody(call)) as ReplayBody;
      const at = now();
      const job: ReplayJob = {
        id: newId(),
        state: "running",
        isDryRun: body.dryRun ?? false,
        filter: await readFilter(directory, store, asTexts(body.filter), at, owner),
        ratePerSecond: body.ratePerSecond ?? REPLAY_RATE_DEFAULT,
        madeBy: call.actor,
        createdAt: at,
        updatedAt: at,
        matched: 0,
        isCounted: false,
        done: 0,
        reopened: 0,
        position: null,
        revision: 1,
      };
      await store.replayJobs.save(job, 0);
      await store.directory.record(auditRecord(call, `replay ${job.id}`, null, replayView(options, job), at));
      runner.wake();
      return show(job);
    },
    list: async (call, owner) => {
      const paging = readPaging(call);
      const { page, ...turns } = await readStoredPage(
        paging,
        (key): key is string => typeof key === "string" && isUuid(key),
        (turn, count) => listOwn(store, turn, count, owner),
        (job) => job.id,
      );
      return {
        headers: pageLinks(call, paging, turns),
        body: { replays: page.map((job) => replayView(options, job)) },
      };
    },
    get: async (call, owner) => show(await find(options, call, owner)),
    pause: change(pauseReplay),
    resume: change(resumeReplay),
    cancel: change(cancelReplay),
  };
}

/** A job that a developer of the app has made, on the shop that their access is for. Whoever else made one, its name is not theirs to read. */
function isOwn({ filter, madeBy }: ReplayJob, owner: Owner): boolean {
  if (owner === null) return true;
  return owns(owner, { app: filter.app ?? -1, shop: filter.shop }) && madeBy.startsWith(`app ${owner.app.clientId} `);
}

/** Jobs are few, whoever made them: those of others are passed over. */
async function listOwn(store: ReplayApiOptions["store"], turn: Turn<string>, count: number, owner: Owner): Promise<readonly ReplayJob[]> {
  if (owner === null) return store.replayJobs.list(turn, count);
  const isForward = "after" in turn;
  const found: ReplayJob[] = [];
  let at = turn;
  for (;;) {
    const jobs = await store.replayJobs.list(at, PAGE_LIMIT_MAX);
    const own = jobs.filter((job) => isOwn(job, owner));
    if (isForward) found.push(...own);
    else found.unshift(...own);
    const edge = isForward ? jobs.at(-1) : jobs[0];
    if (edge === undefined || jobs.length < PAGE_LIMIT_MAX || found.length >= count) break;
    at = isForward ? { after: edge.id } : { before: edge.id };
  }
  return isForward ? found.slice(0, count) : found.slice(-count);
}

function asTexts(filter: ReplayBody["filter"]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, String(value)]));
}

async function find(options: ReplayApiOptions, call: Call, owner: Owner): Promise<ReplayJob> {
  const id = call.params["id"] ?? "";
  const job = isUuid(id) ? await options.store.replayJobs.find(id) : null;
  return job !== null && isOwn(job, owner) ? job : fail("not_found", "There is no replay with this id.");
}

/** The filter with everything that it names looked up: a misspelt one must not match everything. */
async function readFilter(
  directory: Directory,
  store: Pick<Store, "directory">,
  given: Readonly<Record<string, string>>,
  now: number,
  owner: Owner,
): Promise<ReplayFilter> {
  const { shop, clientId, webhookId } = given;
  const ofShop = shop === undefined ? (owner?.shop ?? null) : directory.shopByDomain(shop);
  if (ofShop === undefined || (ofShop !== null && !maySee(directory, owner, ofShop)))
    return fail("unknown_shop", `There is no shop ${shop}.`, "filter.shop");
  const ofApp = clientId === undefined ? (owner?.app ?? null) : directory.appByClientId(clientId);
  if (ofApp === undefined || (owner !== null && ofApp?.id !== owner.app.id))
    return fail("unknown_app", `There is no app ${clientId}.`, "filter.clientId");
  const subscription = webhookId === undefined ? null : await findSubscription(directory, store, webhookId);
  if (subscription === undefined || (subscription !== null && !owns(owner, subscription)))
    return fail("invalid_member", `There is no webhook ${webhookId}.`, "filter.webhookId");
  return {
    state: (given["state"] ?? "dead") as ReplayFilter["state"],
    shop: ofShop?.id ?? null,
    app: ofApp?.id ?? null,
    subscription: subscription?.id ?? null,
    endpoint: given["endpointId"] ?? null,
    eventId: given["eventId"] ?? null,
    topic: given["topic"] ?? null,
    from: readTime(given, "createTimeMin", "filter."),
    // Only what has happened by now: a replay that matches what itself makes would never end.
    to: Math.min(now, readTime(given, "createTimeMax", "filter.") ?? now),
  };
}

/** A shop that the app was never on is not told apart from one that there is not. */
function maySee(directory: Directory, owner: Owner, shop: Shop): boolean {
  if (owner === null) return true;
  if (owner.shop !== null) return owner.shop.id === shop.id;
  return directory.lastInstallation(owner.app.id, shop.id) !== undefined;
}

function replayView({ directory }: ReplayApiOptions, job: ReplayJob): Record<string, unknown> {
  const { filter } = job;
  const named = {
    state: filter.state,
    shop: filter.shop === null ? null : (directory.shop(filter.shop)?.domain ?? null),
    clientId: filter.app === null ? null : (directory.app(filter.app)?.clientId ?? null),
    webhookId: filter.subscription === null ? null : String(filter.subscription),
    endpointId: filter.endpoint,
    topic: filter.topic,
    eventId: filter.eventId,
    createTimeMin: filter.from === null ? null : momentText(filter.from),
    createTimeMax: momentText(filter.to),
  };
  return {
    id: job.id,
    state: job.state,
    dryRun: job.isDryRun,
    filter: Object.fromEntries(Object.entries(named).filter(([, value]) => value !== null)),
    ratePerSecond: job.ratePerSecond,
    matched: job.matched,
    counted: job.isCounted,
    done: job.done,
    reopened: job.reopened,
    madeBy: job.madeBy,
    createTime: momentText(job.createdAt),
    updateTime: momentText(job.updatedAt),
  };
}
