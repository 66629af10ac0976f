import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { createMetrics } from "../../src/telemetry/metrics.ts";

const pathOf = (name: string): string => fileURLToPath(new URL(`../../../../${name}`, import.meta.url));
const DASHBOARD = "deploy/grafana/genhook.json";
const RULES = "deploy/prometheus/genhook.rules.yml";
const RULES_TEST = "deploy/prometheus/genhook.rules.test.yml";

/** Labels that Prometheus adds, or a histogram has. */
const GIVEN_LABELS: readonly string[] = ["job", "instance", "le"];

/** Every name that `/metrics` can show, with the labels that it may have. */
let known: ReadonlyMap<string, ReadonlySet<string>>;
let exposition: string;

beforeAll(async () => {
  const metrics = createMetrics();
  const zero = { inFlight: 0, lanes: 0, endpoints: 0, endpointsShut: 0, heldBytes: 0, unsettled: 0, blockedKeys: 3, shards: 0 };
  metrics.watch(() => ({
    ...zero,
    webhooksHeld: 0,
    endpointsSuspended: 0,
    holds: 0,
    waitingEvents: 0,
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

const rulesOf = (): readonly string[] => readFileSync(pathOf(RULES), "utf8").split("- alert: ").slice(1);
const nameOf = (rule: string): string => rule.replace(/\n.*/s, "");

function expressions(): readonly { readonly where: string; readonly expr: string }[] {
  const { panels } = JSON.parse(readFileSync(pathOf(DASHBOARD), "utf8")) as {
    panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  };
  const shown = panels.flatMap(({ title, targets }) => (targets ?? []).map(({ expr }) => ({ where: `${DASHBOARD}: ${title}`, expr })));
  const rules = rulesOf().map((rule) => ({
    where: `${RULES}: ${nameOf(rule)}`,
    expr: /expr: (.*?)\n {8}(?:for|labels):/s.exec(rule)?.[1] ?? "",
  }));
  return [...shown, ...rules];
}

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
    for (const rule of rulesOf()) {
      const annotations = rule.slice(rule.indexOf("annotations:"));
      for (const { name } of namedIn(annotations))
        expect(families.has(name) || known.has(name), `${nameOf(rule)} names ${name}`).toBe(true);
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

  it.each([
    ["check", ["check", "rules", RULES]],
    ["test", ["test", "rules", RULES_TEST]],
  ])("has alert rules that Prometheus itself takes: promtool %s rules", (_, args) => {
    const { error, status, stdout, stderr } = spawnSync(
      "promtool",
      args.map((arg) => (arg.startsWith("deploy/") ? pathOf(arg) : arg)),
      { encoding: "utf8" },
    );
    if (error !== undefined && "code" in error && error.code === "ENOENT") {
      console.log("promtool is not installed here (Debian: prometheus): the alert rules were not read by it");
      return;
    }
    expect([status, stdout + stderr]).toEqual([0, expect.stringContaining("SUCCESS") as string]);
  });
});
