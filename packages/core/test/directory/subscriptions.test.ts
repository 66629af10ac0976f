import { describe, expect, it } from "vitest";
import {
  disableSubscription,
  pauseSubscription,
  resumeSubscription,
  subscribe,
  unsubscribe,
  updateSubscription,
  type Change,
  type CheckedAddress,
  type Directory,
  type Result,
  type Subscription,
} from "@genhook/core";
import { makeDirectory, makeSubscription, makeTools, NOW } from "./fixtures.ts";

const WHO = { app: 1, shop: 1 };

function address(text: string): CheckedAddress {
  const url = new URL(text);
  return { text, origin: url.origin, pathname: url.pathname };
}

function carryOut<Value>(directory: Directory, result: Result<Change<Value>>): Value {
  if (!result.ok) throw new Error(`${result.refusal.code}: ${result.refusal.message}`);
  const change = result.value;
  directory.apply({
    version: directory.version + 1,
    counters: change.counters ?? directory.counters,
    shops: [],
    apps: [],
    installations: [],
    subscriptions: change.subscriptions ?? [],
    holds: change.holds ?? [],
  });
  return change.value;
}

function refusalOf(result: Result<unknown>): string {
  return result.ok ? "" : `${result.refusal.code} ${result.refusal.member ?? ""}`.trim();
}

describe("subscribe", () => {
  const request = { topic: "orders/create", address: address("https://app.example.com/hooks?x=1"), settings: {} };

  it("makes a subscription that is found by shop and topic", () => {
    const directory = makeDirectory();
    const made = carryOut(directory, subscribe(makeTools(), WHO, request)(directory, NOW));
    expect(made).toMatchObject({
      id: 100,
      topic: "orders/create",
      address: "https://app.example.com/hooks?x=1",
      status: "active",
      createdAt: NOW,
    });
    expect(directory.subscribed(1, "orders/create")).toEqual([made]);
    expect(directory.subscribed(2, "orders/create")).toEqual([]);
    expect(directory.counters.subscription).toBe(101);
  });

  it("the query is no part of the endpoint, the path is", () => {
    const directory = makeDirectory();
    const tools = makeTools();
    const make = (text: string): Subscription =>
      carryOut(directory, subscribe(tools, WHO, { ...request, address: address(text) })(directory, NOW));
    const first = make("https://app.example.com/hooks?x=1");
    expect(make("https://app.example.com/hooks?x=2").endpoint).toBe(first.endpoint);
    expect(make("https://app.example.com/other").endpoint).not.toBe(first.endpoint);
  });

  it.each<[string, Partial<typeof request>, string]>([
    ["an unknown topic", { topic: "orders/created" }, "unknown_topic webhook.topic"],
    ["a topic whose scope is missing", { topic: "products/update" }, "topic_scope_missing webhook.topic"],
    ["a compliance topic", { topic: "customers/redact" }, "topic_not_subscribable webhook.topic"],
  ])("refuses %s", (_, change, refusal) => {
    expect(refusalOf(subscribe(makeTools(), WHO, { ...request, ...change })(makeDirectory(), NOW))).toBe(refusal);
  });

  it("refuses the same topic and address twice, and the hundred and first", () => {
    const directory = makeDirectory();
    const tools = makeTools();
    carryOut(directory, subscribe(tools, WHO, request)(directory, NOW));
    expect(refusalOf(subscribe(tools, WHO, request)(directory, NOW))).toBe("webhook_exists webhook.address");
    expect(subscribe(tools, { app: 1, shop: 2 }, request)(directory, NOW).ok).toBe(true);
    for (let index = 1; index < 100; index += 1) {
      carryOut(directory, subscribe(tools, WHO, { ...request, address: address(`https://app.example.com/${index}`) })(directory, NOW));
    }
    const another = { ...request, address: address("https://app.example.com/another") };
    expect(refusalOf(subscribe(tools, WHO, another)(directory, NOW))).toBe("too_many_webhooks webhook");
  });

  it("an app that is not installed gets nothing", () => {
    expect(refusalOf(subscribe(makeTools(), { app: 2, shop: 2 }, request)(makeDirectory(), NOW))).toBe("not_installed");
  });
});

describe("changes of a subscription", () => {
  const own = makeSubscription(7, 1, 1, "orders/create");
  const other = makeSubscription(8, 2, 1, "products/update");

  it("a new address moves it to another endpoint and ends a pause", () => {
    const directory = makeDirectory([{ ...own, status: "paused" }]);
    const after = carryOut(
      directory,
      updateSubscription(makeTools(), WHO, 7, { address: address("https://new.example.com/") })(directory, NOW + 5),
    );
    expect(after).toMatchObject({ id: 7, uuid: own.uuid, address: "https://new.example.com/", status: "active", updatedAt: NOW + 5 });
    expect(after.endpoint).not.toBe(own.endpoint);
  });

  it("a new topic is listed under the new one alone", () => {
    const directory = makeDirectory([own]);
    carryOut(directory, updateSubscription(makeTools(), WHO, 7, { topic: "appSubscriptions/update" })(directory, NOW));
    expect(directory.subscribed(1, "orders/create")).toEqual([]);
    expect(directory.subscribed(1, "appSubscriptions/update")).toHaveLength(1);
  });

  it("one app cannot touch another's, nor its own on another shop", () => {
    const directory = makeDirectory([own, other]);
    for (const who of [WHO, { app: 1, shop: 2 }]) {
      expect(refusalOf(unsubscribe(who, 8)(directory, NOW))).toBe("not_found");
      expect(refusalOf(pauseSubscription(who, 8)(directory, NOW))).toBe("not_found");
      expect(refusalOf(resumeSubscription(who, 8)(directory, NOW))).toBe("not_found");
      expect(refusalOf(updateSubscription(makeTools(), who, 8, {})(directory, NOW))).toBe("not_found");
    }
  });

  it("ends with its pending cancelled", () => {
    const directory = makeDirectory([own]);
    const ended = unsubscribe(WHO, 7)(directory, NOW);
    expect(ended).toMatchObject({ ok: true, value: { cancel: [{ lane: { lane: 7 }, reason: "unsubscribed" }] } });
    carryOut(directory, ended);
    expect(directory.subscription(7)).toBeUndefined();
    expect(directory.subscribed(1, "orders/create")).toEqual([]);
    expect(directory.subscriptionByUuid(own.uuid)).toBeUndefined();
  });

  it("pause and resume go there and back; a lost scope is not resumed", () => {
    const directory = makeDirectory([own]);
    expect(carryOut(directory, pauseSubscription(WHO, 7)(directory, NOW)).status).toBe("paused");
    expect(carryOut(directory, resumeSubscription(WHO, 7)(directory, NOW)).status).toBe("active");
    const lost = makeDirectory([{ ...own, status: "suspended", statusReason: "scope_lost" }]);
    expect(carryOut(lost, resumeSubscription(WHO, 7)(lost, NOW)).status).toBe("suspended");
  });

  it("a 410 disables it and cancels what is owed; resume ends that", () => {
    const directory = makeDirectory([own]);
    const disabled = disableSubscription(7)(directory, NOW);
    expect(disabled).toMatchObject({ ok: true, value: { cancel: [{ reason: "disabled" }] } });
    carryOut(directory, disabled);
    expect(directory.subscription(7)).toMatchObject({ status: "disabled", statusReason: "gone" });
    expect(carryOut(directory, resumeSubscription(WHO, 7)(directory, NOW)).status).toBe("active");
  });
});
