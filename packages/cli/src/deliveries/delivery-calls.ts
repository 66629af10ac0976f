import type { Credentials } from "@genhook/contract/client";

/** The same calls of the three APIs; which one follows from the credentials. */
export interface DeliveryCalls {
  readonly list: "listDeliveries" | "listOwnDeliveries" | "listAppDeliveries";
  readonly replay: "replayDelivery" | "replayOwnDelivery" | "replayAppDelivery";
  /** Null: this API has no replay jobs. */
  readonly jobs: {
    readonly create: "createReplay" | "createAppReplay";
    readonly get: "getReplay" | "getAppReplay";
  } | null;
  /** Without a webhook, endpoint or event it lists what is final only; these say where something else failed. Null: it lists everything. */
  readonly endpoints: "listEndpoints" | "listAppEndpoints" | null;
}

const PLATFORM: DeliveryCalls = {
  list: "listDeliveries",
  replay: "replayDelivery",
  jobs: { create: "createReplay", get: "getReplay" },
  endpoints: "listEndpoints",
};

const BY_KIND: Readonly<Record<Credentials["kind"], DeliveryCalls>> = {
  platform: PLATFORM,
  app: { list: "listOwnDeliveries", replay: "replayOwnDelivery", jobs: null, endpoints: null },
  apps: {
    list: "listAppDeliveries",
    replay: "replayAppDelivery",
    jobs: { create: "createAppReplay", get: "getAppReplay" },
    endpoints: "listAppEndpoints",
  },
  none: PLATFORM,
};

export function deliveryCallsOf({ kind }: Credentials): DeliveryCalls {
  return BY_KIND[kind];
}
