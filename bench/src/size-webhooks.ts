import { randomUUID } from "node:crypto";
import { openSqliteStore } from "@genhook/storage";

const SHOPS = 1_000;

/** Webhooks like the first one, of the same app on other shops, written into a file that nobody has open. */
export async function addWebhooks(folder: string, webhooks: number): Promise<void> {
  const store = await openSqliteStore({ folder });
  try {
    const { version, counters, shops, installations, subscriptions } = await store.directory.changesSince(0);
    const [shop, installation, subscription] = [shops[0], installations[0], subscriptions[0]];
    if (shop === undefined || installation === undefined || subscription === undefined) throw new Error("there is no webhook to copy");
    const shopOf = (n: number): number => counters.shop + (n % SHOPS);
    await store.directory.commit(
      {
        at: Date.now(),
        counters: { ...counters, shop: counters.shop + SHOPS, subscription: counters.subscription + webhooks },
        shops: Array.from({ length: SHOPS }, (_, n) => ({
          ...shop,
          id: shopOf(n),
          domain: `other-${n}.genmystore.com`,
          shopId: String(90_000_000 + n),
        })),
        apps: [],
        installations: Array.from({ length: SHOPS }, (_, n) => ({
          ...installation,
          shop: shopOf(n),
          tokenHash: n.toString(16).padStart(64, "0"),
        })),
        subscriptions: Array.from({ length: webhooks }, (_, n) => ({
          ...subscription,
          id: counters.subscription + n,
          uuid: randomUUID(),
          shop: shopOf(n),
          address: `${subscription.address}?of=${n}`,
        })),
        holds: [],
        cancel: [],
        events: [],
        audit: [],
      },
      version,
    );
  } finally {
    await store.close();
  }
}
