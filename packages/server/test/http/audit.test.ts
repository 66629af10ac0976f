import { afterAll, beforeAll, expect, test } from "vitest";
import { Harness, KEY, ORDER, type Answer } from "../harness.ts";

const h = new Harness();

beforeAll(() => h.start());
afterAll(() => h.stop());

const P = "/platform/v1";
interface Record {
  readonly id: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string;
  readonly createTime: string;
}
const recordsOf = (answer: Answer): Record[] => answer.body.records as Record[];
const audit = async (query: string): Promise<Record[]> => recordsOf(await h.call("GET", `${P}/audit?${query}`));

test("every change leaves who, what, before and after, and the request; what changes nothing leaves none", async () => {
  const shop = "audited.genmystore.com";
  await h.call("POST", `${P}/shops`, { domain: shop }, { headers: { "X-Request-Id": "make-shop" } });
  await h.call("PUT", `${P}/shops/${shop}`, { plan: "basic" });
  await h.call("PUT", `${P}/shops/${shop}`, { plan: "basic" });
  const records = await audit(`subject=${encodeURIComponent(`shop ${shop}`)}`);
  expect(records.map(({ action }) => action)).toEqual(["putShop", "createShop"]);
  expect(records[0]).toMatchObject({
    before: { plan: "none" },
    after: { plan: "basic" },
    actor: expect.stringMatching(/^key setting-/) as string,
  });
  expect(records[1]).toMatchObject({ before: null, after: { domain: shop }, requestId: "make-shop" });
});

test("an app's own changes, replays, keys, and what goes down with a shop or an app are there too", async () => {
  const shop = "whole.genmystore.com";
  const endpoint = await h.endpoint();
  const app = await h.install({}, shop);
  const id = await h.subscribe(app, "orders/create", endpoint.url);
  const path = `/api/202412/app/webhooks/${id}`;
  await h.call("POST", `${path}/pause`, undefined, { token: app.token });
  await h.call("POST", `${path}/pause`, undefined, { token: app.token });
  await h.call("PUT", path, { webhook: { topic: "orders/paid" } }, { token: app.token });
  await h.publish("orders/paid", ORDER, { shop });
  const done = await h.until("/api/202412/app/deliveries?state=delivered", (answer) => answer.body.deliveries.length === 1, {
    token: app.token,
  });
  const delivery = done.body.deliveries[0].id as string;
  await h.call("POST", `${P}/deliveries/${delivery}/replay`);
  await h.call("DELETE", path, undefined, { token: app.token });
  const subject = `webhook ${app.clientId} ${shop} ${id}`;
  const own = await audit(`subject=${encodeURIComponent(subject)}`);
  expect(
    own.map(({ action, before, after }) => [
      action,
      (before as { topic?: string } | null)?.topic,
      (after as { topic?: string } | null)?.topic,
    ]),
  ).toEqual([
    ["deleteWebhook", "orders/paid", undefined],
    ["updateWebhook", "orders/create", "orders/paid"],
    ["pauseWebhook", "orders/create", "orders/create"],
    ["createWebhook", undefined, "orders/create"],
  ]);
  expect(new Set(own.map(({ actor }) => actor))).toEqual(new Set([`app ${app.clientId} ${shop}`]));
  expect(await audit(`actor=${encodeURIComponent(`app ${app.clientId}`)}`)).toHaveLength(4);
  expect(await audit(`subject=delivery%20${delivery}`)).toMatchObject([
    { action: "replayDelivery", after: { state: "pending", round: 2 } },
  ]);

  const made = await h.call("POST", `${P}/keys`, { name: "short-lived", role: "read" });
  await h.call("DELETE", `${P}/keys/${made.body.key.id}`);
  const keys = await audit(`subject=key%20${made.body.key.id}`);
  expect(keys.map(({ action }) => action)).toEqual(["revokeKey", "createKey"]);
  expect(JSON.stringify(keys)).not.toContain(made.body.key.key);

  const other = await h.install({}, shop);
  await h.call("DELETE", `${P}/shops/${shop}`);
  const gone = await audit(`action=deleteShop&limit=10`);
  expect(gone.map((record) => record.subject).toSorted()).toEqual(
    [`shop ${shop}`, `installation ${app.clientId} ${shop}`, `installation ${other.clientId} ${shop}`].toSorted(),
  );
});

test("pages run both ways, newest first, and keep their filters", async () => {
  for (let index = 0; index < 7; index += 1) await h.call("PUT", `${P}/shops/paged-${index}.genmystore.com`, {});
  const subjects = (answer: Answer): string[] => recordsOf(answer).map((record) => record.subject.replace(/^shop paged-(\d).*/, "$1"));
  const link = (answer: Answer, rel: string): string | null =>
    new RegExp(`<([^>]+)>; rel="${rel}"`).exec(answer.headers.get("Link") ?? "")?.[1]?.replace(h.origin, "") ?? null;
  const first = await h.call("GET", `${P}/audit?subject=shop%20paged-&limit=3`);
  const second = await h.call("GET", link(first, "next") ?? "");
  const third = await h.call("GET", link(second, "next") ?? "");
  expect([first, second, third].map(subjects)).toEqual([["6", "5", "4"], ["3", "2", "1"], ["0"]]);
  expect([link(first, "previous"), link(third, "next")]).toEqual([null, null]);
  const back = await h.call("GET", link(third, "previous") ?? "");
  expect(subjects(back)).toEqual(["3", "2", "1"]);
  const start = await h.call("GET", link(back, "previous") ?? "");
  expect(subjects(start)).toEqual(["6", "5", "4"]);
  expect(link(start, "previous")).toBeNull();
  const [newest] = recordsOf(first);
  const times = await audit(`subject=shop%20paged-&createTimeMin=${newest?.createTime}`);
  expect(times[0]?.id).toBe(newest?.id);
  expect(await audit(`createTimeMax=2001-01-01T00:00:00Z`)).toEqual([]);
  expect((await h.call("GET", `${P}/audit?pageToken=e30`)).body.code).toBe("malformed_query");
  expect((await h.call("GET", `${P}/audit`, undefined, { key: KEY.replace("t", "x") })).status).toBe(401);
});
