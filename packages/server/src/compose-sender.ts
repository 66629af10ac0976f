import { availableParallelism } from "node:os";
import type { Logger } from "pino";
import type { SecretVault } from "./secrets/secret-vault.ts";
import type { AddressPolicy } from "./send/address-guard.ts";
import { dnsResolve } from "./send/dns-resolve.ts";
import { HttpSender } from "./send/http-sender.ts";
import { parseBlock } from "./send/ip-ranges.ts";
import type { Settings } from "./settings/resolve-settings.ts";
import type { Metrics } from "./telemetry/metrics.ts";
import { seldom } from "./telemetry/seldom.ts";

export function addressPolicy(settings: Settings): AddressPolicy {
  const blocks = (settings.refusedNetworks ?? []).map((text) => parseBlock(text));
  return { allowPrivate: settings.allowPrivateAddresses, refusedNetworks: blocks.filter((block) => block !== null) };
}

export function composeSender(
  settings: Settings,
  ca: readonly string[] | null,
  secrets: SecretVault,
  log: Logger,
  metrics: Metrics,
): HttpSender {
  const say = seldom((error: unknown, times) => log.error({ err: error, what: "send", times }, "attempts failed on our side"));
  // For development the machine's own look-up, which knows its hosts file.
  const nameServers = settings.allowPrivateAddresses && settings.dnsServers === null ? "system" : settings.dnsServers;
  const threads = settings.sendThreads ?? threadsFor(availableParallelism());
  return new HttpSender({
    secrets,
    timeoutMs: settings.attemptTimeoutMs,
    ...addressPolicy(settings),
    ...(nameServers === "system" ? {} : { resolve: dnsResolve({ servers: nameServers }) }),
    webhookId: settings.webhookId,
    keepResponses: settings.keepResponses,
    sendsTraceparent: settings.sendTraceparent,
    ca,
    ...(settings.egressProxy === null ? {} : { proxy: settings.egressProxy }),
    ...(threads === 0 ? {} : { threads: { count: threads, nameServers } }),
    onInternalError: (error) => {
      metrics.failed("send");
      say(error);
    },
  });
}

/** Sending threads that a machine of so many cores has room for, beside the main thread, the store's threads and garbage collection. */
function threadsFor(cores: number): number {
  return cores < 4 ? 0 : Math.min(4, Math.floor(cores / 2) - 1);
}
