import { describe, expect, it } from "vitest";
import { isOwed, match, type Directory, type MatchDecision, type MatchQuery, type TopicRule } from "@genhook/core";
import { makeApp, makeDirectory, makeInstallation, makeSubscription, NOW, TOPICS } from "../directory/fixtures.ts";

const RETENTION_MS = 30 * 86_400_000;

function decisions(
  directory: Directory,
  shop: number,
  topic: string,
  app: number | null = null,
  select: MatchQuery["selection"]["select"] = () => expect.unreachable("nothing selects by payload"),
): Record<number, MatchDecision> {
  const found: Record<number, MatchDecision> = {};
  const query = {
    shop,
    topic: TOPICS.get(topic) as TopicRule,
    app: app === null ? null : makeApp(app),
    now: NOW,
    retentionMs: RETENTION_MS,
    selection: { select },
  };
  match(directory, query, (subscription, decision) => {
    found[subscription.id] = decision;
  });
  return found;
}

describe("match", () => {
  it("a shop topic reaches every subscribed app on that shop alone", () => {
    const directory = makeDirectory([
      makeSubscription(10, 1, 1, "orders/create"),
      makeSubscription(11, 1, 1, "orders/create"),
      makeSubscription(12, 1, 2, "orders/create"),
      makeSubscription(13, 2, 1, "products/update"),
    ]);
    expect(decisions(directory, 1, "orders/create")).toEqual({ 10: "owed", 11: "owed" });
    expect(decisions(directory, 2, "orders/create")).toEqual({ 12: "owed" });
  });

  it("what a status means for what comes", () => {
    const directory = makeDirectory([
      makeSubscription(10, 1, 1, "orders/create", { status: "paused" }),
      makeSubscription(11, 1, 1, "orders/create", { status: "suspended", statusReason: "endpoint_failing" }),
      makeSubscription(12, 1, 1, "orders/create", { status: "disabled", statusReason: "gone" }),
      makeSubscription(13, 2, 1, "orders/create", { status: "suspended", statusReason: "scope_lost" }),
      makeSubscription(14, 2, 1, "orders/create"),
    ]);
    expect(decisions(directory, 1, "orders/create")).toEqual({
      10: "held",
      11: "held",
      12: "disabled",
      13: "scope_lost",
      14: "scope_missing",
    });
  });

  it("an app topic reaches that app's own addresses and its subscriptions on the shop, and no other app", () => {
    const directory = makeDirectory([
      makeSubscription(10, 1, null, "appSubscriptions/update"),
      makeSubscription(11, 1, 1, "appSubscriptions/update"),
      makeSubscription(12, 1, 2, "appSubscriptions/update"),
      makeSubscription(13, 2, 1, "appSubscriptions/update"),
      makeSubscription(14, 2, null, "appSubscriptions/update"),
    ]);
    expect(decisions(directory, 1, "appSubscriptions/update", 1)).toEqual({ 10: "owed", 11: "owed" });
  });

  it("a compliance topic reaches who is, or within retention was, installed", () => {
    const directory = makeDirectory([makeSubscription(10, 1, null, "customers/redact"), makeSubscription(11, 2, null, "customers/redact")]);
    const ended = (app: number, endedAt: number): void =>
      directory.apply({
        version: directory.version + 1,
        counters: directory.counters,
        shops: [],
        apps: [],
        installations: [makeInstallation(app, 1, [], { endedAt })],
        subscriptions: [],
        holds: [],
      });
    ended(1, NOW - RETENTION_MS + 1);
    ended(2, NOW - RETENTION_MS);
    expect(decisions(directory, 1, "customers/redact")).toEqual({ 10: "owed", 11: "not_installed" });
  });

  it("asks the payload last, with the version that the app gets, and never keeps an event back for a filter that cannot be decided", () => {
    const settings = { filter: "order.id = 1" };
    const directory = makeDirectory([
      makeSubscription(10, 1, 1, "orders/create", { settings }),
      makeSubscription(11, 1, 1, "orders/create", { settings, status: "paused" }),
      makeSubscription(12, 1, 1, "orders/create", { settings, status: "suspended", statusReason: "endpoint_failing" }),
      makeSubscription(13, 1, 1, "orders/create", { settings, status: "disabled", statusReason: "gone" }),
      makeSubscription(14, 2, 1, "orders/create", { settings }),
      makeSubscription(15, 1, 1, "orders/create", { settings: { changed: ["order.note"] } }),
      makeSubscription(16, 1, 1, "orders/create", { settings: { fields: ["order.id"] } }),
    ]);
    const asked: string[] = [];
    const answering = (answer: ReturnType<MatchQuery["selection"]["select"]>): Record<number, MatchDecision> =>
      decisions(directory, 1, "orders/create", null, (_, apiVersion) => {
        asked.push(apiVersion);
        return answer;
      });
    const rest = { 13: "disabled", 14: "scope_missing", 16: "owed" };
    expect(answering("matched")).toEqual({ ...rest, 10: "owed", 11: "held", 12: "held", 15: "owed" });
    expect(asked).toEqual(["202412", "202412", "202412", "202412"]);
    for (const miss of ["filter_not_matched", "not_changed"] as const) {
      expect(answering(miss)).toEqual({ ...rest, 10: miss, 11: miss, 12: miss, 15: miss });
    }
    expect(answering("filter_failed")).toEqual({ ...rest, 10: "filter_failed", 11: "held", 12: "held", 15: "filter_failed" });
    expect(["owed", "held", "filter_failed"].map((decision) => isOwed(decision as MatchDecision))).toEqual([true, true, true]);
    expect(["filter_not_matched", "not_changed"].map((decision) => isOwed(decision as MatchDecision))).toEqual([false, false]);
  });
});
