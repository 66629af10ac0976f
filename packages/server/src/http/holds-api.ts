import {
  holdSubject,
  isInForce,
  makeHold,
  momentMs,
  releaseHold,
  type DirectoryService,
  type Hold,
  type HoldScope,
  type TopicRules,
} from "@genhook/core";
import { fail, valueOf } from "./api-error.ts";
import { audited } from "./audited.ts";
import { readJsonBody, type Call } from "./call.ts";
import type { Handler } from "./directory-api.ts";
import { holdView } from "./held-view.ts";
import { pageLinks, pageOf, readPaging } from "./paging.ts";

export interface HoldsApiOptions {
  readonly directory: DirectoryService;
  readonly topics: TopicRules;
  readonly newUuid: () => string;
  readonly now: () => number;
}

interface HoldBody {
  readonly scope: HoldScope;
  readonly subject?: string;
  readonly reason: string;
  readonly endsAt?: string;
}

/** Sending stopped by an operator, with a reason and perhaps an end. */
export function holdHandlers(options: HoldsApiOptions): Readonly<Record<string, Handler>> {
  const { directory, topics, newUuid, now } = options;
  const subject = (hold: Hold): string => `hold ${hold.id}`;
  return {
    createHold: async (call) => {
      const body = (await readJsonBody(call)) as HoldBody;
      const { scope, reason } = body;
      const request = { scope, subject: readSubject(scope, body.subject), reason, madeBy: call.actor, endsAt: readEnd(body.endsAt) };
      const decide = makeHold(request, newUuid(), topics);
      const hold = valueOf(await directory.change(audited(call, subject, decide, () => null, holdView)));
      return { body: { hold: holdView(hold) } };
    },
    listHolds: (call) => {
      const paging = readPaging(call);
      const { scope, subject: named } = paging.filters;
      const fitting = [...directory.directory.holds.all()]
        .filter((hold) => isInForce(hold, now()))
        .filter((hold) => scope === undefined || hold.scope === scope)
        .filter((hold) => named === undefined || hold.subject === holdSubject(hold.scope, named))
        .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
      const { page, ...turns } = pageOf(fitting, keyOf, paging);
      return Promise.resolve({ headers: pageLinks(call, paging, turns), body: { holds: page.map(holdView) } });
    },
    getHold: (call) => Promise.resolve({ body: { hold: holdView(find(options, call)) } }),
    releaseHold: async (call) => {
      const hold = find(options, call);
      const decide = audited(
        call,
        subject,
        releaseHold(hold.id),
        () => holdView(hold),
        () => null,
      );
      valueOf(await directory.change(decide));
      return { body: {} };
    },
  };
}

function find({ directory, now }: HoldsApiOptions, call: Call): Hold {
  const hold = directory.directory.holds.get(call.params["id"] ?? "");
  return hold !== undefined && isInForce(hold, now()) ? hold : fail("not_found", "There is no hold with this id, or it has ended.");
}

function keyOf(hold: Hold): string {
  return `${String(hold.createdAt).padStart(15, "0")} ${hold.id}`;
}

function readSubject(scope: HoldScope, text: string | undefined): string {
  if (scope === "all") {
    return text === undefined ? "" : fail("invalid_member", "A hold of all has no subject; leave it out.", "subject");
  }
  if (text === undefined) return fail("missing_member", `subject is required: say which ${scope}.`, "subject");
  return scope === "host" ? readHost(text) : text;
}

/** The name as a URL parser writes it, so that it is compared with addresses as they are dialled. */
export function readHost(text: string, member: string = "subject"): string {
  const url = /^[^\s/?#@\\]+$/.test(text) && URL.canParse(`https://${text}/`) ? new URL(`https://${text}/`) : null;
  if (url === null || url.port !== "" || /:\d+$/.test(text.replace(/^\[.*\]/, ""))) {
    return fail("invalid_member", `${member} must be a host's name without scheme, port and path, such as app.example.com.`, member);
  }
  return url.hostname;
}

function readEnd(text: string | undefined): number | null {
  if (text === undefined) return null;
  return (
    momentMs(text) ??
    fail("invalid_member", "endsAt must be an RFC 3339 date and time with an offset, such as 2024-12-30T23:59:59Z.", "endsAt")
  );
}
