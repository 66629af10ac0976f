import { REPLAY_RATE_DEFAULT } from "@genhook/contract";
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
  type Store,
} from "@genhook/core";
import { fail, valueOf } from "./api-error.ts";
import { auditRecord } from "./audited.ts";
import { readJsonBody, type Call, type Reply } from "./call.ts";
import { findSubscription, readTime } from "./deliveries-routes.ts";
import type { Handler } from "./directory-api.ts";
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

/** Sending many deliveries again: replay jobs as the platform API shows them. */
export function replayHandlers(options: ReplayApiOptions): Readonly<Record<string, Handler>> {
  const { store, directory, runner, newId, now } = options;
  const show = (job: ReplayJob): Reply => ({ body: { replay: replayView(options, job) } });
  const change = (step: (job: ReplayJob, at: number) => Result<ReplayJob>): Handler => {
    return async (call) => {
      for (;;) {
        const before = await find(options, call);
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
    createReplay: async (call) => {
      const body = (await readJsonBody(call)) as ReplayBody;
      const at = now();
      const job: ReplayJob = {
        id: newId(),
        state: "running",
        isDryRun: body.dryRun ?? false,
        filter: await readFilter(directory, store, asTexts(body.filter), at),
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
    listReplays: async (call) => {
      const paging = readPaging(call);
      const { page, ...turns } = await readStoredPage(
        paging,
        (key): key is string => typeof key === "string" && isUuid(key),
        (turn, count) => store.replayJobs.list(turn, count),
        (job) => job.id,
      );
      return {
        headers: pageLinks(call, paging, turns),
        body: { replays: page.map((job) => replayView(options, job)) },
      };
    },
    getReplay: async (call) => show(await find(options, call)),
    pauseReplay: change(pauseReplay),
    resumeReplay: change(resumeReplay),
    cancelReplay: change(cancelReplay),
  };
}

function asTexts(filter: ReplayBody["filter"]): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, String(value)]));
}

async function find(options: ReplayApiOptions, call: Call): Promise<ReplayJob> {
  const id = call.params["id"] ?? "";
  const job = isUuid(id) ? await options.store.replayJobs.find(id) : null;
  return job ?? fail("not_found", "There is no replay with this id.");
}

/** The filter with everything that it names looked up: a misspelt one must not match everything. */
async function readFilter(
  directory: Directory,
  store: Pick<Store, "directory">,
  given: Readonly<Record<string, string>>,
  now: number,
): Promise<ReplayFilter> {
  const { shop, clientId, webhookId } = given;
  const ofShop = shop === undefined ? null : directory.shopByDomain(shop);
  if (ofShop === undefined) return fail("unknown_shop", `There is no shop ${shop}.`, "filter.shop");
  const ofApp = clientId === undefined ? null : directory.appByClientId(clientId);
  if (ofApp === undefined) return fail("unknown_app", `There is no app ${clientId}.`, "filter.clientId");
  const subscription = webhookId === undefined ? null : await findSubscription(directory, store, webhookId);
  if (subscription === undefined) return fail("invalid_member", `There is no webhook ${webhookId}.`, "filter.webhookId");
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
