import { ApiClient } from "@genhook/contract/client";
import { KEY, type Scene } from "./portal-seed.ts";

/** One call that a page makes. */
export interface MeasuredCall {
  readonly page: string;
  /** Path and query, as the page asks. */
  readonly call: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Every call of every page, for an operator and for the developers of two apps: a busy one and one that hardly hears anything. */
export async function callsOf(origin: string, scene: Scene): Promise<readonly MeasuredCall[]> {
  const api = new ApiClient({ origin, credentials: { kind: "platform", key: KEY } });
  const { deliveries } = await api.call("listDeliveries", { query: { state: "dead", limit: 1 } });
  const [dead] = deliveries;
  const own = await api.call("listDeliveries", { query: { state: "dead", webhookId: busyWebhook(scene), limit: 1 } });
  if (dead === undefined) throw new Error("nothing was seeded");
  const operator = { Authorization: `Bearer ${KEY}` };
  const operators = operatorCalls(scene, dead);
  const developers = developerCalls(scene, own.deliveries[0] ?? dead);
  const of = async (who: string, calls: readonly (readonly [string, string])[], headers: Readonly<Record<string, string>>) =>
    calls.map(([page, call]): MeasuredCall => ({ page: `${who}: ${page}`, call, url: origin + call, headers }));
  const bearer = async (app: Scene["busy"]): Promise<Readonly<Record<string, string>>> => {
    const { token } = await api.call("createAppToken", { body: app });
    return { Authorization: `Bearer ${token.token ?? ""}` };
  };
  return [
    ...(await of("operator", operators, operator)),
    ...(await of("developer", developers, await bearer(scene.busy))),
    ...(await of("quiet app's developer", quietCalls(), await bearer(scene.quiet))),
  ];
}

const since = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
const busyWebhook = ({ webhooks, busy }: Scene): number => webhooks.find(({ clientId }) => clientId === busy.clientId)?.id ?? 0;

interface Found {
  readonly id: string;
  readonly eventId: string;
  readonly webhookId: number;
  readonly endpointId: string;
}

function operatorCalls({ busy, quiet, held }: Scene, dead: Found): readonly (readonly [string, string])[] {
  const at = "/platform/v1";
  return [
    ["overview", `${at}/stats?from=${since(1)}&step=1m`],
    ["overview", `${at}/stats?from=${since(24)}&step=30m`],
    ["overview", `${at}/stats?from=${since(720)}&step=12h`],
    ["overview", `${at}/stats?from=${since(720)}&step=12h&clientId=${busy.clientId}&shop=shop-1.genmystore.com`],
    ["overview", `${at}/endpoints?limit=5&state=failing`],
    ["overview", `${at}/deliveries?limit=6&state=dead`],
    ["deliveries", `${at}/deliveries?limit=50`],
    ["deliveries", `${at}/deliveries?limit=50&state=dead`],
    ["deliveries", `${at}/deliveries?limit=50&state=delivered&shop=shop-50.genmystore.com`],
    ["deliveries", `${at}/deliveries?limit=50&shop=shop-50.genmystore.com`],
    ["deliveries", `${at}/deliveries?limit=50&clientId=${busy.clientId}`],
    ["deliveries", `${at}/deliveries?limit=50&clientId=${quiet.clientId}`],
    ["deliveries", `${at}/deliveries?limit=50&state=dead&clientId=${quiet.clientId}`],
    ["deliveries", `${at}/deliveries?limit=50&state=dead&clientId=${busy.clientId}&shop=shop-7.genmystore.com`],
    ["deliveries", `${at}/deliveries?limit=50&topic=products/create`],
    ["deliveries", `${at}/deliveries?limit=50&state=cancelled`],
    ["deliveries", `${at}/deliveries?limit=50&webhookId=${dead.webhookId}`],
    ["deliveries", `${at}/deliveries?limit=50&state=dead&webhookId=${dead.webhookId}`],
    ["deliveries", `${at}/deliveries?limit=50&endpointId=${dead.endpointId}`],
    ["deliveries", `${at}/deliveries?limit=50&state=dead&endpointId=${dead.endpointId}`],
    ["deliveries", `${at}/deliveries?limit=50&eventId=${dead.eventId}`],
    ["deliveries", `${at}/deliveries?limit=50&state=pending&webhookId=${held.id}`],
    ["delivery", `${at}/deliveries/${dead.id}`],
    ["event", `${at}/events/${dead.eventId}`],
    ["event", `${at}/events/${dead.eventId}/decisions`],
    ["webhooks", `${at}/webhooks?limit=50`],
    ["webhooks", `${at}/webhooks?limit=50&clientId=${busy.clientId}`],
    ["webhook", `${at}/webhooks/${dead.webhookId}`],
    ["webhook", `${at}/deliveries?limit=10&webhookId=${dead.webhookId}`],
    ["endpoints", `${at}/endpoints?limit=50`],
    ["endpoints", `${at}/endpoints?limit=50&state=held`],
    ["endpoint", `${at}/endpoints/${dead.endpointId}`],
    ["endpoint", `${at}/endpoints/${held.endpointId}`],
    ["blocked keys", `${at}/blocked-keys?limit=50`],
    ["replays", `${at}/replays?limit=50`],
    ["holds", `${at}/holds?limit=50`],
    ["topics", `${at}/topics`],
    ["apps", `${at}/apps?limit=250`],
    ["app", `${at}/apps/${busy.clientId}`],
    ["shops", `${at}/shops?limit=250`],
    ["installations", `${at}/installations?limit=50`],
    ["keys", `${at}/keys?limit=50`],
    ["links", `${at}/portal-links?limit=50`],
    ["audit", `${at}/audit?limit=50`],
    ["audit", `${at}/audit?limit=50&subject=app+${busy.clientId}`],
  ];
}

function developerCalls({ busy, webhooks }: Scene, dead: Found): readonly (readonly [string, string])[] {
  const at = "/apps/v1";
  const own = webhooks.find(({ clientId }) => clientId === busy.clientId);
  return [
    ["overview", `${at}/stats?from=${since(1)}&step=1m`],
    ["overview", `${at}/stats?from=${since(720)}&step=12h`],
    ["overview", `${at}/endpoints?limit=5&state=failing`],
    ["overview", `${at}/deliveries?limit=6&state=dead`],
    ["deliveries", `${at}/deliveries?limit=50`],
    ["deliveries", `${at}/deliveries?limit=50&state=dead&shop=shop-50.genmystore.com`],
    ["deliveries", `${at}/deliveries?limit=50&state=cancelled`],
    ["deliveries", `${at}/deliveries?limit=50&state=pending&shop=shop-50.genmystore.com`],
    ["deliveries", `${at}/deliveries?limit=50&topic=products/create`],
    ["delivery", `${at}/deliveries/${dead.id}`],
    ["delivery", `${at}/deliveries/${dead.id}/payload`],
    ["event", `${at}/events/${dead.eventId}/decisions`],
    ["event", `${at}/deliveries?eventId=${dead.eventId}`],
    ["webhooks", `${at}/webhooks?limit=50`],
    ["webhook", `${at}/webhooks/${dead.webhookId}`],
    ["endpoints", `${at}/endpoints?limit=50`],
    ["endpoint", `${at}/endpoints/${own?.endpointId ?? ""}`],
    ["blocked keys", `${at}/blocked-keys?limit=50`],
    ["replays", `${at}/replays?limit=50`],
    ["topics", `${at}/topics`],
    ["secrets", `${at}/app`],
    ["any page", `${at}/installations?limit=250`],
  ];
}

function quietCalls(): readonly (readonly [string, string])[] {
  const at = "/apps/v1";
  return [
    ["overview", `${at}/stats?from=${since(720)}&step=12h`],
    ["deliveries", `${at}/deliveries?limit=50`],
    ["deliveries", `${at}/deliveries?limit=50&state=dead`],
  ];
}
