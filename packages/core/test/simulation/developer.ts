import {
  disableSubscription,
  makeHold,
  pauseSubscription,
  putInstallation,
  releaseHold,
  resumeSubscription,
  subscribe,
  uninstall,
  unsubscribe,
  updateSubscription,
  type CheckedAddress,
  type DecideChange,
  type InstallationTools,
  type Subscription,
  type SubscriptionSettings,
  type SubscriptionUpdate,
} from "@genhook/core";
import { makeTools, TOPICS } from "../directory/fixtures.ts";
import { makePayloads } from "../payload/fixtures.ts";
import type { Meddled } from "./population.ts";
import type { SimulatedNode } from "./simulated-node.ts";
import type { World } from "./world.ts";

/** What subscriptions ask for: everything, or the orders of one parity, or one member of what was sent. */
const SETTINGS: readonly SubscriptionSettings[] = [
  {},
  { filter: "order.parity = 0" },
  { filter: "order.parity != 0", fields: ["order.id"] },
  { ordered: true, onDead: "block" },
  { ordered: true, onDead: "skip" },
  { ordered: true, filter: "order.parity = 0" },
  { sequence: true },
  { sequence: true, mode: "pull" },
  { sequence: true, mode: "pull", filter: "order.parity = 0" },
];
const SCOPES = ["read_orders", "read_products", "write_apps"];

/** Does something that developers, operators and installers do, through one process: with a webhook, a hold, or an installation. */
export async function meddle(world: World, node: SimulatedNode): Promise<void> {
  const { random } = world;
  if (random() < 0.15) {
    await holdSomething(world, node);
    return;
  }
  const place = world.population.meddled();
  const { app, shop, topic } = place;
  const installed = node.directory.directory.installation(app, shop);
  const isWhole = installed?.scopes.includes("read_orders") === true;
  if (random() < (isWhole ? 0.03 : 0.6)) {
    await changeInstallation(world, node, place);
    return;
  }
  const who = { app, shop };
  const own = node.directory.directory.subscriptionsOf(app, shop);
  const one = world.pick(own);
  const dice = random();
  if (one === undefined || (dice < 0.3 && own.length < 4)) {
    const settings = world.pick(SETTINGS) ?? {};
    const address = settings.mode === "pull" ? null : someAddress(world, app);
    await node.directory.change(subscribe(makeTools(), who, { topic, address, settings }));
  } else if (dice < 0.5) {
    await ask(world, node, "pause", one.id, pauseSubscription(who, one.id), ({ status }) => status !== "active");
  } else if (dice < 0.8) {
    await ask(
      world,
      node,
      "resume",
      one.id,
      resumeSubscription(who, one.id),
      ({ status, statusReason }) => status === "active" || statusReason === "scope_lost",
    );
  } else if (dice < 0.9) {
    if (world.options.isShared) await node.directory.change(updateSubscription(makeTools(), who, one.id, somewhereElse(world, one)));
    else await node.directory.change(resumeSubscription(who, one.id));
  } else {
    await ask(world, node, "delete", one.id, unsubscribe(who, one.id), ({ endedAt }) => endedAt !== null);
  }
}

/** A webhook answered 410. */
export async function disable(node: SimulatedNode, subscription: number): Promise<void> {
  await node.directory.change(disableSubscription(subscription)).catch(() => undefined);
}

/** An operator holds something, or lets it go. */
async function holdSomething(world: World, node: SimulatedNode): Promise<void> {
  const { random } = world;
  const made = world.pick([...node.directory.directory.holds.all()]);
  if (made !== undefined && random() < 0.7) {
    await node.directory.change(releaseHold(made.id));
    return;
  }
  const { app, domain, topic } = world.population.meddled();
  const scopes = [
    ["app", app.toString(16).padStart(32, "0")],
    ["host", `app-${app}.example.com`],
    ...(world.population.holdsAll ? ([["all", ""] as const, ["topic", topic] as const, ["shop", domain] as const] as const) : []),
  ] as const;
  const [scope, subject] = world.pick(scopes) ?? ["app", ""];
  const endsAt = random() < 0.6 ? node.clock.now() + 1 + Math.floor(random() * 60_000) : null;
  const id =
    makeTools().newUuid().slice(0, 24) +
    Math.floor(random() * 1e12)
      .toString()
      .padStart(12, "0");
  await node.directory.change(makeHold({ scope, subject, reason: "an incident", madeBy: "key k1", endsAt }, id, TOPICS));
}

/** Uninstalls an app, takes a scope from it, or gives back what it had. */
async function changeInstallation(world: World, node: SimulatedNode, { app, shop, domain }: Meddled): Promise<void> {
  const installed = node.directory.directory.installation(app, shop);
  const tools = installationTools(node);
  const put = async (scopes: readonly string[]): Promise<void> => {
    const clientId = app.toString(16).padStart(32, "0");
    const tokenHash = installed === undefined ? tools.sha256(`${app} ${shop}`) : null;
    await node.directory.change(putInstallation(tools, { clientId, shop: domain, scopes, tokenHash }));
  };
  if (installed === undefined || !installed.scopes.includes("read_orders")) await put(SCOPES);
  else if (world.random() < 0.5) await put(["write_apps"]);
  else await node.directory.change(uninstall(tools, app, shop));
}

function installationTools(node: SimulatedNode): InstallationTools {
  return {
    ...makeTools(),
    readAddress: () => null,
    newEventId: node.newEventId,
    encode: (text) => new TextEncoder().encode(text),
    apiVersion: "202412",
    retentionMs: 30 * 86_400_000,
    payloads: makePayloads(),
  };
}

/** Another address; or from push to pull and back, for whoever is numbered. */
function somewhereElse(world: World, { app, settings, order }: Subscription): SubscriptionUpdate {
  if (settings.mode === "pull") return { address: someAddress(world, app), settings: { mode: "push" } };
  if (settings.sequence === true && order === undefined && world.random() < 0.5) return { settings: { mode: "pull" } };
  return { address: someAddress(world, app) };
}

/** A change, and a look at whether its answer was true. */
async function ask(
  { truth, time }: World,
  node: SimulatedNode,
  what: string,
  id: number,
  change: DecideChange<unknown>,
  isSo: (subscription: Subscription) => boolean,
): Promise<void> {
  const askedAt = time.clock.monotonic();
  const result = await node.directory.change(change);
  if (result.ok) truth.answered(what, id, askedAt, isSo);
}

function someAddress({ random }: World, app: number): CheckedAddress {
  const text = `https://app-${app}.example.com/hooks/${Math.floor(random() * 3)}?n=${Math.floor(random() * 1e6)}`;
  const url = new URL(text);
  return { text, origin: url.origin, pathname: url.pathname };
}
