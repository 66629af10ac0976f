import { randomUUID } from "node:crypto";
import {
  endPassedHolds,
  suspendEndpoint,
  type DirectoryService,
  type EndpointObserver,
  type Failing,
  type Subscription,
} from "@genhook/core";
import type { Logger } from "pino";
import { ContactNotices, type ContactNoticesOptions } from "./contact/contact-notices.ts";
import type { NoticeContent } from "./contact/notice.ts";
import { openMailer } from "./contact/notice-mail.ts";
import { systemClock, systemTimers } from "./runtime/system-clock.ts";
import type { SecretVault } from "./secrets/secret-vault.ts";
import type { HttpSender } from "./send/http-sender.ts";
import { readCertificates } from "./settings/setting-file.ts";
import type { Settings } from "./settings/resolve-settings.ts";
import type { Metrics } from "./telemetry/metrics.ts";

export interface EndpointParts {
  readonly directory: DirectoryService;
  readonly sender: HttpSender;
  readonly secrets: SecretVault;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** What is done about endpoints in trouble, beside what the engine does itself: apps are told, webhooks are suspended, ended holds noted. */
export interface EndpointCare {
  readonly observer: EndpointObserver & { readonly onHoldEnded: () => void };
  readonly notices: ContactNotices;
}

export async function careForEndpoints(settings: Settings, parts: EndpointParts): Promise<EndpointCare> {
  const { directory, log, metrics } = parts;
  const notices = new ContactNotices(await noticesOptions(settings, parts));
  const tell = (endpoint: string, own: readonly Subscription[], content: NoticeContent): void => {
    const [first] = own;
    const app = first === undefined ? undefined : directory.directory.app(first.app);
    if (first === undefined || app === undefined) return;
    const { origin, pathname } = new URL(first.address);
    const noticed = { id: endpoint, address: origin + pathname, webhooks: own.length };
    log.warn({ endpointId: endpoint, clientId: app.clientId, webhooks: own.length }, content.type);
    notices.send({ id: `ntc_${randomUUID()}`, at: systemClock.now(), app, endpoint: noticed, content });
  };
  const ownOf = (endpoint: string): readonly Subscription[] => directory.directory.subscriptionsAt(endpoint);
  return {
    notices,
    observer: {
      onWarned: (endpoint, failing) => tell(endpoint, ownOf(endpoint), { type: "endpoint.failing", failing }),
      onResumed: (endpoint) => tell(endpoint, ownOf(endpoint), { type: "endpoint.resumed" }),
      onSuspend: async (endpoint: string, failing: Failing) => {
        const result = await directory.change(suspendEndpoint(endpoint, failing));
        if (!result.ok) throw new Error(result.refusal.message);
        if (result.value.length > 0) tell(endpoint, result.value, { type: "endpoint.suspended", failing });
      },
      onHoldEnded: () => {
        directory.change(endPassedHolds()).catch((error: unknown) => {
          // The next hold that ends takes it along; sending does not wait for it.
          metrics.failed("end a hold");
          log.error({ err: error, what: "end a hold" }, "the end of a hold could not be written down");
        });
      },
    },
  };
}

async function noticesOptions(settings: Settings, { sender, secrets, log, metrics }: EndpointParts): Promise<ContactNoticesOptions> {
  const { smtpUrl, mailFrom, caFile } = settings;
  const ca = caFile === null ? null : readCertificates("ca-file", caFile);
  return {
    sender,
    secrets,
    mailer: smtpUrl === null || mailFrom === null ? null : await openMailer({ smtpUrl, from: mailFrom, ca }),
    timers: systemTimers,
    now: systemClock.now,
    onSent: ({ app, content }, channel) => {
      metrics.noticed(channel, "sent");
      log.info({ clientId: app.clientId, channel }, `${content.type}: the app was told`);
    },
    onFailed: ({ app, content }, channel, why, isLast) => {
      if (isLast) metrics.noticed(channel, "failed");
      log.warn({ clientId: app.clientId, channel, why, isLast }, `${content.type}: the app could not be told`);
    },
  };
}
