import { isUuid, type EventDecision, type Decisions, type Directory } from "@genhook/core";
import { fail, valueOf } from "./api-error.ts";
import type { Call, Reply } from "./call.ts";
import type { Handler } from "./directory-api.ts";

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

function appOf(directory: Directory, clientId: string | undefined): number | null {
  if (clientId === undefined) return null;
  return directory.appByClientId(clientId)?.id ?? fail("unknown_app", `There is no app "${clientId.slice(0, 64)}".`, "clientId");
}

function decisionView({ subscription, app, decision, reason, detail, deliveryId }: EventDecision): Record<string, unknown> {
  const { id: webhookId, address } = subscription;
  return { webhookId, clientId: app?.clientId ?? "", address, decision, reason, detail, deliveryId };
}
