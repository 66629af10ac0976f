import { isUuid, type EventDecision, type Decisions, type Directory, type Store } from "@genhook/core";
import { fail, valueOf } from "./api-error.ts";
import type { Call, Reply } from "./call.ts";
import type { Handler } from "./directory-api.ts";
import type { Owner } from "./owner.ts";

export interface DecisionsApiOptions {
  readonly decisions: Decisions;
  readonly directory: Directory;
}

/** Why an event was owed to whom, and why not. */
export function decisionHandlers(options: DecisionsApiOptions): Readonly<Record<string, Handler>> {
  return {
    getDecisions: async (call: Call): Promise<Reply> => {
      const id = call.params["id"] ?? "";
      if (!isUuid(id)) return fail("not_found", "There is no event with this id.");
      const decisions = valueOf(await options.decisions.explain(id, appOf(options.directory, call.query["clientId"])));
      return { body: { decisions: decisions.map(decisionView) } };
    },
  };
}

/**
 * The same for one app's developer. An event that has nothing to do with the app is not told apart from one that there never was: whether it
 * has is looked at before anything is decided.
 */
export async function ownDecisions(
  options: DecisionsApiOptions & { readonly store: Pick<Store, "events"> },
  call: Call,
  owner: NonNullable<Owner>,
): Promise<Reply> {
  const id = (call.params["id"] ?? "").toLowerCase();
  const noSuchEvent = "There is no event with this id.";
  if (!isUuid(id)) return fail("not_found", noSuchEvent);
  const [event] = await options.store.events.heads([id]);
  if (event !== null && event !== undefined) {
    const isOnShop = options.directory.lastInstallation(owner.app.id, event.shop) !== undefined;
    const isHidden = !isOnShop || (owner.shop !== null && owner.shop.id !== event.shop) || (event.app ?? owner.app.id) !== owner.app.id;
    if (isHidden) return fail("not_found", noSuchEvent);
  }
  const decisions = valueOf(await options.decisions.explain(id, owner.app.id));
  return decisions.length === 0 ? fail("not_found", noSuchEvent) : { body: { decisions: decisions.map(decisionView) } };
}

function appOf(directory: Directory, clientId: string | undefined): number | null {
  if (clientId === undefined) return null;
  return directory.appByClientId(clientId)?.id ?? fail("unknown_app", `There is no app "${clientId.slice(0, 64)}".`, "clientId");
}

function decisionView({ subscription, app, decision, reason, detail, deliveryId }: EventDecision): Record<string, unknown> {
  const { id: webhookId, address } = subscription;
  return { webhookId, clientId: app?.clientId ?? "", address, decision, reason, detail, deliveryId };
}
