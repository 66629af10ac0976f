import type { App, Failing } from "@genhook/core";
import { suspendsAt } from "@genhook/core";

/** The endpoint that an app is told about. */
export interface NoticedEndpoint {
  readonly id: string;
  /** Without its query. */
  readonly address: string;
  /** Webhooks that it has, or, once it is suspended, that were suspended. */
  readonly webhooks: number;
}

/** What an app is told of one of its endpoints, by its contact. Wall times, ms. */
export type NoticeContent =
  | { readonly type: "endpoint.failing"; readonly failing: Failing }
  | { readonly type: "endpoint.suspended"; readonly failing: Failing }
  | { readonly type: "endpoint.resumed" };

export interface Notice {
  /** The same on every try: a receiver drops what it has seen. */
  readonly id: string;
  readonly at: number;
  readonly app: App;
  readonly endpoint: NoticedEndpoint;
  readonly content: NoticeContent;
}

/** As it is posted: `type`, `timestamp` and `data`, as Standard Webhooks recommends. */
export function noticeBody({ at, app, endpoint, content }: Notice): string {
  const { id: endpointId, address, webhooks } = endpoint;
  return JSON.stringify({
    type: content.type,
    timestamp: moment(at),
    data: { clientId: app.clientId, endpointId, address, webhooks, ...details(content) },
  });
}

function details(content: NoticeContent): Record<string, unknown> {
  if (content.type === "endpoint.resumed") return {};
  const { since, attempts, warnedPercent } = content.failing;
  const failing = { failingSince: moment(since), failedAttempts: attempts };
  return content.type === "endpoint.suspended"
    ? failing
    : { ...failing, percent: warnedPercent, suspendsAt: moment(suspendsAt(content.failing)) };
}

/** As it is mailed: plain words, and what to do. */
export function noticeMail({ app, endpoint, content }: Notice): { readonly subject: string; readonly text: string } {
  const { address, webhooks } = endpoint;
  const of = `${app.name} (${app.clientId})\n${address}`;
  switch (content.type) {
    case "endpoint.failing": {
      const { since, attempts } = content.failing;
      return {
        subject: `Webhooks of ${app.name} are failing`,
        text:
          `${of}\n\nThis address has not answered with a success since ${moment(since)}: ${attempts} attempts have failed. ` +
          `If it goes on like this, its ${count(webhooks)} will be suspended from ${moment(suspendsAt(content.failing))} on.\n\n` +
          "The attempts with what the address answered are listed by GET /app/deliveries. A single success ends the count.\n",
      };
    }
    case "endpoint.suspended":
      return {
        subject: `Webhooks of ${app.name} are suspended`,
        text:
          `${of}\n\nThis address has not answered with a success since ${moment(content.failing.since)}, so its ${count(webhooks)} ` +
          "are suspended: no attempt is made any more. What is owed, and what comes, is kept and sent once a webhook is resumed " +
          "(POST /app/webhooks/{id}/resume), until its retention passes.\n",
      };
    case "endpoint.resumed":
      return {
        subject: `Webhooks of ${app.name} are sent again`,
        text: `${of}\n\nA webhook of this address was resumed. What was kept for it is being sent, slowly at first.\n`,
      };
  }
}

function count(webhooks: number): string {
  return webhooks === 1 ? "webhook" : `${webhooks} webhooks`;
}

function moment(at: number): string {
  return new Date(at).toISOString();
}
