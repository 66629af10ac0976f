import { holdSubject, isInForce, type Hold, type HoldScope } from "../domain/hold.ts";
import type { TopicRules } from "../domain/topic.ts";
import { HOLDS_MAX } from "../limits.ts";
import type { AuditRecord } from "../ports/directory-store.ts";
import { ok, refuse, type Refusal } from "../refusal.ts";
import type { Directory } from "./directory.ts";
import type { DecideChange } from "./directory-service.ts";

export interface HoldRequest {
  readonly scope: HoldScope;
  /** A domain, client id, host name (as a URL parser writes it) or topic; empty for `all`. */
  readonly subject: string;
  readonly reason: string;
  readonly madeBy: string;
  /** Wall ms; null: until it is released. */
  readonly endsAt: number | null;
}

/** Stops sending to what the subject names, from the moment at which a process knows of it: at once here, within 2 s everywhere. */
export function makeHold(request: HoldRequest, id: string, topics: TopicRules): DecideChange<Hold> {
  return (directory, now) => {
    const refusal = refuseHold(directory, request, topics, now);
    if (refusal !== null) return { ok: false, refusal };
    const { scope, subject, reason, madeBy, endsAt } = request;
    const hold: Hold = { id, scope, subject: holdSubject(scope, subject), reason, madeBy, createdAt: now, endsAt, endedAt: null };
    return ok({ value: hold, holds: [hold] });
  };
}

/** Ends a hold; what it covered is sent again where no other covers it. */
export function releaseHold(id: string): DecideChange<Hold> {
  return (directory, now) => {
    const before = directory.holds.get(id);
    if (before === undefined) return refuse("not_found", "There is no hold with this id, or it has ended.");
    const hold: Hold = { ...before, endedAt: now };
    return ok({ value: hold, holds: [hold] });
  };
}

/** Writes down what has ended by itself. Sending does not wait for it: whoever sends reads the clock. */
export function endPassedHolds(): DecideChange<readonly Hold[]> {
  return (directory, now) => {
    const holds = directory.holds.passed(now).map((hold): Hold => ({ ...hold, endedAt: now }));
    return ok({ value: holds, holds, audit: holds.map((hold) => ended(hold, now)) });
  };
}

function ended(hold: Hold, at: number): AuditRecord {
  const before = JSON.stringify({ scope: hold.scope, subject: hold.subject, reason: hold.reason });
  return { at, actor: "genhook", action: "endHold", subject: `hold ${hold.id}`, before, after: null, requestId: null };
}

function refuseHold(directory: Directory, request: HoldRequest, topics: TopicRules, now: number): Refusal | null {
  const { scope, subject, endsAt } = request;
  if (scope === "shop" && directory.shopByDomain(subject) === undefined) {
    return { code: "unknown_shop", message: `There is no shop ${subject}.`, member: "subject" };
  }
  if (scope === "app" && directory.appByClientId(subject) === undefined) {
    return { code: "unknown_app", message: `There is no app ${subject}.`, member: "subject" };
  }
  if (scope === "topic" && !topics.has(subject)) {
    return { code: "unknown_topic", message: `There is no topic "${subject}"; GET /platform/v1/topics lists them.`, member: "subject" };
  }
  if (endsAt !== null && endsAt <= now) return { code: "invalid_member", message: "endsAt must lie in the future.", member: "endsAt" };
  const inForce = [...directory.holds.all()].filter((hold) => isInForce(hold, now));
  if (inForce.length < HOLDS_MAX) return null;
  return { code: "too_many_holds", message: `${HOLDS_MAX} holds are in force; release some, or hold more at once.`, member: "scope" };
}
