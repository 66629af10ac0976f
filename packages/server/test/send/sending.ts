import { randomBytes } from "node:crypto";
import type { App, AttemptRequest, Outcome } from "@genhook/core";
import { createSealing } from "../../src/secrets/sealing.ts";
import { SecretVault } from "../../src/secrets/secret-vault.ts";
import type { Resolve } from "../../src/send/guarded-dial.ts";
import { HttpSender, type HttpSenderOptions } from "../../src/send/http-sender.ts";

export const CLIENT_SECRET = "client-secret-of-the-test";
export const SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw9ZIo2LaLaSw=";
export const BODY: Buffer = Buffer.from('{"order": {"id":300157930096874, "total":  1.10 }}');
const sealing = createSealing(randomBytes(32));

/** Every name leads to this machine. */
export const toThisMachine: Resolve = (_, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);

export function makeApp(more: Partial<App> = {}): App {
  const secret = (kind: "client" | "signing", text: string): App["secrets"][number] => ({
    id: kind,
    kind,
    state: "live",
    sealed: sealing.seal(text),
    createdAt: 1,
  });
  return {
    id: 1,
    clientId: "0".repeat(32),
    name: "app",
    apiVersion: "202412",
    secrets: [secret("client", CLIENT_SECRET), secret("signing", SIGNING_SECRET)],
    webhooks: [],
    declaration: { version: 1, changedAt: 0 },
    complianceWebhooks: {},
    isListed: false,
    contactEmail: null,
    contactUrl: null,
    createdAt: 1,
    updatedAt: 1,
    endedAt: null,
    ...more,
  };
}

/** What opens the secrets of `makeApp`. */
export function makeVault(): SecretVault {
  return new SecretVault(sealing);
}

export function makeSender(more: Partial<HttpSenderOptions> = {}): HttpSender {
  return new HttpSender({
    secrets: new SecretVault(sealing),
    timeoutMs: 2_000,
    allowPrivate: true,
    webhookId: "number",
    keepResponses: "failures",
    ca: null,
    ...more,
  });
}

export function makeRequest(address: string, more: Partial<AttemptRequest> = {}): AttemptRequest {
  return {
    deliveryId: "dlv_0193f0a0b1c27000800000000000abcd_8589934859",
    address,
    app: makeApp(),
    event: {
      id: "0193f0a0-b1c2-7000-8000-00000000abcd",
      shop: 1,
      app: null,
      topic: "orders/create",
      apiVersion: "202412",
      triggeredAt: "2024-12-30T23:59:59.123456789Z",
      acceptedAt: 1,
      orderKey: null,
      traceparent: null,
      changed: null,
      isTest: false,
      payload: BODY,
    },
    fields: undefined,
    shopDomain: "suns-shop.genmystore.com",
    subscriptionId: 8_589_934_859,
    subscriptionUuid: "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    attempt: 3,
    isReplay: false,
    sequence: null,
    at: Date.now(),
    ...more,
  };
}

/** One attempt; rejects when the sender breaks its word: `done` once, and not before `send` has returned. */
export function attempt(sender: HttpSender, request: AttemptRequest): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let count = 0;
    let hasReturned = false;
    sender.send(request, (outcome) => {
      count += 1;
      if (count > 1) reject(new Error("done was called twice"));
      if (!hasReturned) reject(new Error("done was called before send returned"));
      resolve(outcome);
    });
    hasReturned = true;
  });
}

/** The status, or the word of the contract's table. */
export function wordOf(outcome: Outcome): string {
  if (outcome.kind === "response") return String(outcome.status);
  return outcome.kind === "failure" ? outcome.error : outcome.kind;
}
