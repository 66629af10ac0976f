import type { Hold } from "@genhook/core";
import { momentText } from "./views.ts";

/** What a tenant reads: general words. The reason that the operator wrote is for operators. */
const GENERAL: Readonly<Record<Hold["scope"], string>> = {
  shop: "The operator has deliveries on this shop stopped for now.",
  app: "The operator has this app's deliveries stopped for now.",
  host: "The operator has deliveries to this host stopped for now.",
  topic: "The operator has deliveries of this topic stopped for now.",
  all: "The operator has all deliveries stopped for now.",
};

export function tenantHold({ scope, endsAt }: Hold): Record<string, unknown> {
  return { reason: GENERAL[scope], endsAt: endsAt === null ? null : momentText(endsAt) };
}

export function operatorHold({ id, scope, subject, reason, endsAt }: Hold): Record<string, unknown> {
  return { id, scope, subject, reason, endsAt: endsAt === null ? null : momentText(endsAt) };
}

export function holdView(hold: Hold): Record<string, unknown> {
  const { subject, madeBy, createdAt } = hold;
  return { ...operatorHold(hold), subject: subject === "" ? null : subject, madeBy, createTime: momentText(createdAt) };
}
