import type { Plan, Shop } from "../domain/directory-entries.ts";
import { ok, refuse, type Result } from "../refusal.ts";
import type { Directory } from "./directory.ts";
import type { DecideChange } from "./directory-service.ts";

export interface ShopRequest {
  readonly domain: string;
  /** Decimal text of a 64-bit integer. */
  readonly shopId?: string | undefined;
  readonly plan?: Plan | undefined;
}

/** A shop after a PUT, and whether the PUT made it. */
export interface Put<Entry> {
  readonly entry: Entry;
  readonly isNew: boolean;
}

/** Makes a shop; its domain and its shop id must be free. `newShopId` is asked for where none is given. */
export function createShop(request: ShopRequest, newShopId: () => string): DecideChange<Shop> {
  return (directory, now) => {
    if (directory.shopByDomain(request.domain) !== undefined) {
      return refuse("already_exists", `There is a shop ${request.domain} already; use PUT to change it.`, "domain");
    }
    const shopId = request.shopId ?? newShopId();
    const taken = refuseShopId(directory, shopId, null);
    if (taken !== null) return taken;
    const { counters } = directory;
    const shop: Shop = {
      id: counters.shop,
      domain: request.domain,
      shopId,
      plan: request.plan ?? "none",
      createdAt: now,
      updatedAt: now,
      endedAt: null,
    };
    return ok({ value: shop, counters: { ...counters, shop: counters.shop + 1 }, shops: [shop] });
  };
}

/** Makes the shop, or changes what is given of it. */
export function putShop(request: ShopRequest, newShopId: () => string): DecideChange<Put<Shop>> {
  return (directory, now) => {
    const before = directory.shopByDomain(request.domain);
    if (before === undefined) {
      const created = createShop(request, newShopId)(directory, now);
      return created.ok ? ok({ ...created.value, value: { entry: created.value.value, isNew: true } }) : created;
    }
    const shop: Shop = { ...before, shopId: request.shopId ?? before.shopId, plan: request.plan ?? before.plan, updatedAt: now };
    const taken = refuseShopId(directory, shop.shopId, before.id);
    if (taken !== null) return taken;
    const isSame = shop.shopId === before.shopId && shop.plan === before.plan;
    return ok(isSame ? { value: { entry: before, isNew: false } } : { value: { entry: shop, isNew: false }, shops: [shop] });
  };
}

/** Ends a shop on which no app is installed any more. */
export function endShop(domain: string): DecideChange<Shop> {
  return (directory, now) => {
    const before = directory.shopByDomain(domain);
    if (before === undefined) return refuse("not_found", `There is no shop ${domain}.`);
    const shop: Shop = { ...before, endedAt: now, updatedAt: now };
    return ok({ value: shop, shops: [shop] });
  };
}

function refuseShopId(directory: Directory, shopId: string, except: number | null): Extract<Result<never>, { ok: false }> | null {
  const other = directory.shopByShopId(shopId);
  if (other === undefined || other.id === except) return null;
  return refuse("already_exists", `Shop ${other.domain} has the shopId ${shopId} already.`, "shopId");
}
