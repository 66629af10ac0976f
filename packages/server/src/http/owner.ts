import type { App, Shop } from "@genhook/core";
import type { Call, Reply } from "./call.ts";

/** Whose entries a caller may see and change: one app's, on all its shops or on one; null for an operator, who sees all. */
export type Owner = { readonly app: App; readonly shop: Shop | null } | null;

/** Whether something that belongs to an app, on a shop or (null) to the app itself, is the owner's. */
export function owns(owner: Owner, entry: { readonly app: number; readonly shop: number | null }): boolean {
  if (owner === null) return true;
  return entry.app === owner.app.id && (owner.shop === null || entry.shop === owner.shop.id);
}

/** A handler that answers operators and developers alike, each what is theirs. */
export type OwnedHandler = (call: Call, owner: Owner) => Promise<Reply>;

/** For operators. */
export function unowned(handler: OwnedHandler): (call: Call) => Promise<Reply> {
  return (call) => handler(call, null);
}
