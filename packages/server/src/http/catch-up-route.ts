import { CATCH_UP_WAIT_MAX_MS, PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from "@genhook/contract";
import {
  deliveryId,
  type App,
  type CatchUp,
  type CatchUpPage,
  type CaughtUp,
  type Clock,
  type Installation,
  type Shop,
  type Subscription,
  type Waiters,
} from "@genhook/core";
import { parseDuration } from "../settings/duration.ts";
import { apiError, fail, refusalError, valueOf, type ApiError } from "./api-error.ts";
import type { Call, Reply } from "./call.ts";

/** Whose events are read: found anew after each wait. */
export interface CatchUpReader {
  readonly app: App;
  readonly shop: Shop;
  readonly installation: Installation;
  readonly subscription: Subscription;
}

export interface CatchUpRouteOptions {
  readonly catchUp: CatchUp;
  readonly waiters: Waiters;
  readonly clock: Pick<Clock, "monotonic">;
}

interface Asked {
  readonly after: number | null;
  readonly limit: number;
  readonly waitMs: number;
}

/**
 * `GET /app/webhooks/{id}/events`, and the same of `/apps/v1`. Where there is nothing yet and the caller wants to wait, the call waits for a signal, and
 * looks again with everything that it was allowed on looked at anew: a token that was revoked, a webhook that is gone, a lost scope end it with their error.
 */
export class CatchUpRoute {
  readonly #options: CatchUpRouteOptions;

  constructor(options: CatchUpRouteOptions) {
    this.#options = options;
  }

  /** `identify` answers who calls, and which webhook is meant, as it is now. */
  async answer(call: Call, identify: (isFirst: boolean) => CatchUpReader | Promise<CatchUpReader>): Promise<Reply> {
    const { clock, waiters } = this.#options;
    const asked = readAsked(call);
    let until = clock.monotonic() + asked.waitMs;
    const { socket } = call.request;
    let { after } = asked;
    for (let isFirst = true; ; isFirst = false) {
      const now = await identify(isFirst);
      const { subscription } = now;
      const leftMs = until - clock.monotonic();
      const mayWait = leftMs > 0 && waiters.isOpen && !socket.destroyed;
      if (mayWait && !waiters.hasRoom) throw tooMany();
      // It waits before it looks: what is given between the look and the wait would be missed.
      const waiting = mayWait ? waiters.wait(subscription.id, after ?? 0, leftMs) : null;
      if (waiting !== null) socket.once("close", waiting.end);
      try {
        const page = await this.#read(now, { ...asked, after });
        if (page.entries.length > 0 || waiting === null) {
          // A server that is closing waits for the connections that were in use.
          const headers: Record<string, string> = waiters.isOpen ? {} : { Connection: "close" };
          return { headers, text: write(page, subscription.id, now.shop.domain) };
        }
        after = page.after;
        if (!(await waiting.woken)) until = 0;
      } finally {
        waiting?.end();
        if (waiting !== null) socket.off("close", waiting.end);
      }
    }
  }

  async #read({ subscription, app, installation }: CatchUpReader, { after, limit }: Asked): Promise<CatchUpPage> {
    const { catchUp } = this.#options;
    const refusal = catchUp.refuse(subscription, installation);
    if (refusal !== null) throw refusalError(refusal);
    return valueOf(await catchUp.read({ subscription, installation, apiVersion: app.apiVersion, after, limit }));
  }
}

/** JSON with each payload's own bytes in it. */
function write({ entries, last }: CatchUpPage, subscription: number, shop: string): NonNullable<Reply["text"]> {
  const pieces: Uint8Array[] = [Buffer.from('{"events":[')];
  for (const entry of entries) {
    const { content } = entry;
    if (pieces.length > 1) pieces.push(Buffer.from(","));
    const view = JSON.stringify(entryView(entry, subscription, shop));
    if (content.state === "available") pieces.push(Buffer.from(`${view.slice(0, -1)},"payload":`), content.body.payload, Buffer.from("}"));
    else pieces.push(Buffer.from(view));
  }
  pieces.push(Buffer.from(`],"last":${last}}`));
  return { type: "application/json; charset=utf-8", content: Buffer.concat(pieces) };
}

/** An entry without its payload. */
function entryView({ n, eventId, content }: CaughtUp, subscription: number, shop: string): Record<string, unknown> {
  const numbered = { sequence: n, id: eventId, deliveryId: deliveryId({ eventId, subscription }), state: content.state };
  if (content.state !== "available") return { ...numbered, reason: content.reason };
  const { topic, triggeredAt, isTest } = content.event;
  const { apiVersion } = content.body;
  return { ...numbered, topic, shop, apiVersion, triggeredAt, ...(isTest ? { test: true } : {}) };
}

function readAsked(call: Call): Asked {
  const { after, limit, wait } = call.query;
  const asked = { after: after === undefined ? null : Number(after), limit: limit === undefined ? PAGE_LIMIT_DEFAULT : Number(limit) };
  if (!Number.isSafeInteger(asked.after ?? 0)) fail("invalid_member", "after is larger than any number can be.", "after");
  if (asked.limit < 1 || asked.limit > PAGE_LIMIT_MAX) fail("invalid_member", `limit must be from 1 to ${PAGE_LIMIT_MAX}.`, "limit");
  const waitMs = wait === undefined ? 0 : parseDuration(wait);
  if (waitMs === null || waitMs > CATCH_UP_WAIT_MAX_MS) {
    fail("invalid_member", `wait must be at most ${CATCH_UP_WAIT_MAX_MS / 1_000}s, such as 30s.`, "wait");
  }
  return { ...asked, waitMs };
}

function tooMany(): ApiError {
  return apiError({ code: "overloaded", message: "Too many calls wait for events here; try again later, or without wait." });
}
