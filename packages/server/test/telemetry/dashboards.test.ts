import { spawnSync } from "node:child_process";
import { whyMissing } from "@genhook/testkit";
import { beforeAll, describe, expect, it } from "vitest";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { alertExpressions, alertName, alertRules, panelExpressions, pathOf, RULES, type Expression } from "./deployed.ts";

const RULES_TEST = "deploy/prometheus/genhook.rules.test.yml";
const missing = whyMissing("promtool", "prometheus");

/** Labels that Prometheus adds, or a histogram has. */
const GIVEN_LABELS: readonly string[] = ["job", "instance", "le"];

/** Every name that `/metrics` can show, with the labels that it may have. */
let known: ReadonlyMap<string, ReadonlySet<string>>;
let exposition: string;

beforeAll(async () => {
  const metrics = createMetrics();
  const zero = {
    inFlight: 0,
    lanes: 0,
    endpoints: 0,
    endpointsShut: 0,
    heldBytes: 0,
    unsettled: 0,
    latePerSecond: 0,
    blockedKeys: 3,
    shards: 0,
  };
  metrics.watch(() => ({
    ...zero,
    webhooksHeld: 0,
    endpointsSuspended: 0,
    holds: 0,
    waitingEvents: 0,
    waitingCalls: 0,
    pending: 0,
    overdueMs: 1_500,
    isReady: true,
  }));
  metrics.published();
  metrics.committed(3, 12);
  const row = { n: 2, round: 1, state: "delivered" } as Parameters<typeof metrics.attempt>[0];
  metrics.attempt(row, { kind: "failure", error: "timeout", detail: "", durationMs: 5_000 });
  metrics.settled(row, 20);
  metrics.answered("publishEvents", 202, 3);
  metrics.failed("publish");
  metrics.noticed("url", "sent");
  exposition = (await metrics.text()).content;
  metrics.close();
  const names = new Map<string, Set<string>>();
  for (const line of exposition.split("\n")) {
    const sample = /^([a-z0-9_]+)(?:\{(.*)\})? /.exec(line);
    if (sample === null) continue;
    const labels = names.get(sample[1] ?? "") ?? new Set(GIVEN_LABELS);
    for (const [, label] of (sample[2] ?? "").matchAll(/([a-z_]+)="/g)) labels.add(label ?? "");
    names.set(sample[1] ?? "", labels);
  }
  known = names;
});

/** The names in PromQL, with the labels that stand in their braces. */
function namedIn(text: string): readonly { readonly name: string; readonly labels: readonly string[] }[] {
  return [...text.matchAll(/\b((?:genhook|process|nodejs)_[a-z0-9_]+)(?:\{([^}]*)\})?/g)].map(([, name = "", inBraces = ""]) => ({
    name,
    labels: [...inBraces.matchAll(/([a-z_]+)\s*(?:=~|!=|!~|=)/g)].map(([, label = ""]) => label),
  }));
}

const expressions = (): readonly Expression[] => [...panelExpressions(), ...alertExpressions()];

describe("what an operator watches", () => {
  it("names only metrics and labels that exist, in every panel and alert", () => {
    const all = expressions();
    expect(all.length).toBeGreaterThan(40);
    for (const { where, expr } of all) {
      const named = namedIn(expr);
      expect(named.length, where).toBeGreaterThan(0);
      for (const { name, labels } of named) {
        expect([...known.keys()], `${where} names ${name}`).toContain(name);
        for (const label of labels) expect([...(known.get(name) ?? [])], `${where}: label of ${name}`).toContain(label);
      }
      for (const [, list = ""] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
        const labels = new Set(named.flatMap(({ name }) => [...(known.get(name) ?? [])]));
        for (const label of list.split(",")) expect([...labels], `${where}: by (${list})`).toContain(label.trim());
      }
    }
  });

  it("names in an alert's text only metrics that exist", () => {
    const families = new Set([...exposition.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name));
    for (const rule of alertRules()) {
      const annotations = rule.slice(rule.indexOf("annotations:"));
      for (const { name } of namedIn(annotations))
        expect(families.has(name) || known.has(name), `${alertName(rule)} names ${name}`).toBe(true);
    }
  });

  it("shows every metric of Genhook's own in a panel", () => {
    const shown = new Set(expressions().flatMap(({ expr }) => namedIn(expr).map(({ name }) => name)));
    const own = [...exposition.matchAll(/^# TYPE (genhook_[a-z_]+) (\w+)/gm)];
    const unseen = own.filter(([, name = ""]) => ![name, `${name}_bucket`, `${name}_count`].some((each) => shown.has(each)));
    expect(unseen.map(([, name]) => name)).toEqual([]);
  });

  it("keeps to base units, and to labels whose values are few", () => {
    const labels = new Set([...known].filter(([name]) => name.startsWith("genhook_")).flatMap(([, each]) => [...each]));
    expect([...labels].sort()).toEqual([
      "channel",
      "instance",
      "job",
      "kind",
      "le",
      "operation",
      "result",
      "state",
      "status",
      "version",
      "what",
    ]);
    for (const [, name = "", type = ""] of exposition.matchAll(/^# TYPE (genhook_[a-z_]+) (\w+)/gm)) {
      expect(name.endsWith("_total"), name).toBe(type === "counter");
      if (type === "histogram") expect(name).toMatch(/_seconds$/);
    }
    expect(exposition).toContain("genhook_deliveries_overdue_seconds 1.5\n");
    expect(exposition).toContain('genhook_attempts_total{kind="retry",result="timeout"} 1\n');
  });

  it("begins at zero what can be counted, so that the first failure is an increase", async () => {
    const metrics = createMetrics();
    const { content } = await metrics.text();
    metrics.close();
    for (const what of ["settle", "publish", "answer"]) expect(content).toContain(`genhook_errors_total{what="${what}"} 0\n`);
    expect(content).toContain('genhook_deliveries_total{state="dead"} 0\n');
    expect(content).toContain('genhook_notices_total{channel="email",result="failed"} 0\n');
    expect(content).toContain('genhook_attempts_total{kind="first",result="2xx"} 0\n');
  });

  it.skipIf(missing !== null).each([
    ["check", ["check", "rules", RULES]],
    ["test", ["test", "rules", RULES_TEST]],
  ])(`has alert rules that Prometheus itself takes: promtool %s rules${missing === null ? "" : ` (${missing})`}`, (_, args) => {
    const { status, stdout, stderr } = spawnSync(
      "promtool",
      args.map((arg) => (arg.startsWith("deploy/") ? pathOf(arg) : arg)),
      { encoding: "utf8" },
    );
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining("SUCCESS") as string]);
  });
});
