import type { OperationName } from "@genhook/contract/client";

/** Calls that operators make of everything, with those by which an app's developers ask the same of their own: pages know the first alone. */
export const TWINS: Partial<Record<OperationName, OperationName>> = {
  listDeliveries: "listAppDeliveries",
  getDelivery: "getAppDelivery",
  replayDelivery: "replayAppDelivery",
  listBlockedKeys: "listAppBlockedKeys",
  skipDelivery: "skipAppDelivery",
  createReplay: "createAppReplay",
  listReplays: "listAppReplays",
  getReplay: "getAppReplay",
  pauseReplay: "pauseAppReplay",
  resumeReplay: "resumeAppReplay",
  cancelReplay: "cancelAppReplay",
  listAllWebhooks: "listAppWebhooks",
  getAnyWebhook: "getAppWebhook",
  changeWebhook: "changeAppWebhook",
  listEndpoints: "listAppEndpoints",
  getEndpoint: "getAppEndpoint",
  probeEndpoint: "probeAppEndpoint",
  resumeEndpoint: "resumeAppEndpoint",
  getDecisions: "getAppDecisions",
  getStats: "getAppStats",
  listTopics: "listAppTopics",
  listInstallations: "listAppInstallations",
  testFilter: "testAppFilter",
  rotateSecret: "rotateAppSecret",
};
