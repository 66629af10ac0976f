import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, whyMissing } from "@genhook/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Harness, ORDER, SHOP } from "../harness.ts";
import { alertName, alertRules, panelExpressions, pathOf, RULES, variableQueries } from "./deployed.ts";

const missing = whyMissing("prometheus");

describe.skipIf(missing !== null)(`a Prometheus that scrapes a server${missing === null ? "" : `: ${missing}`}`, () => {
  const harness = new Harness();
  let prometheus: Prometheus;

  beforeAll(async () => {
    let isUp = false;
    await harness.start({ "retry-waits": "10ms" });
    prometheus = await startPrometheus(harness.origin);
    const endpoint = await harness.endpoint({ answer: () => (isUp ? 200 : 500) });
    const installed = await harness.install();
    await harness.subscribe(installed, "orders/create", `${endpoint.url}/hooks`);
    const publish = async (state: string): Promise<string> => {
      const { body } = await harness.publish("orders/create", ORDER);
      const path = `/platform/v1/deliveries?shop=${SHOP}&eventId=${body.event.id}&state=${state}`;
      const { body: found } = await harness.until(path, (answer) => answer.body.deliveries.length === 1);
      return found.deliveries[0].id as string;
    };
    await prometheus.scrapes(2);
    const dead = await publish("dead");
    isUp = true;
    await publish("delivered");
    await harness.call("POST", `/platform/v1/deliveries/${dead}/replay`);
    await harness.until(`/platform/v1/deliveries/${dead}`, ({ body }) => body.delivery.state === "delivered");
    await prometheus.scrapes(2);
  });
  afterAll(async () => {
    await prometheus.close();
    await harness.stop();
  });

  test("answers every panel of the dashboard with something to show", async () => {
    const panels = panelExpressions();
    expect(panels.length).toBeGreaterThan(40);
    const empty: string[] = [];
    for (const { where, expr } of panels) {
      const asked = expr
        .replaceAll("$job", "genhook")
        .replaceAll("$instance", ".*")
        .replaceAll(/\$__(?:rate_interval|range)/g, "5m");
      expect(asked).not.toContain("$");
      const result = await prometheus.query(asked);
      if (result.length === 0 || result.some(({ value }) => value[1] === "NaN")) empty.push(where);
    }
    expect(empty).toEqual([]);
  });

  test("has the values that the dashboard's variables offer", async () => {
    const asked = variableQueries();
    expect(asked.map(({ name }) => name)).toEqual(["job", "instance"]);
    for (const { metric, label } of asked) {
      const match = encodeURIComponent(metric.replaceAll("$job", "genhook"));
      const values = await prometheus.get<readonly string[]>(`label/${label}/values?match[]=${match}`);
      expect(values).toEqual([label === "job" ? "genhook" : new URL(harness.origin).host]);
    }
  });

  test("evaluates every alert rule, and of a server that is well none fires", async () => {
    const { groups } = await prometheus.until<Rules>(
      "rules",
      ({ groups: [group] }) => group?.rules.every(({ health }) => health !== "unknown") === true,
    );
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.map(({ name }) => name)).toEqual(alertRules().map(alertName));
    expect(rules.filter(({ health, state }) => health !== "ok" || state !== "inactive")).toEqual([]);
  });
});

interface Sample {
  readonly value: readonly [number, string];
}

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly { readonly name: string; readonly health: string; readonly state: string }[];
  }[];
}

interface Prometheus {
  readonly get: <Found>(path: string) => Promise<Found>;
  readonly until: <Found>(path: string, fits: (found: Found) => boolean) => Promise<Found>;
  readonly query: (expression: string) => Promise<readonly Sample[]>;
  /** Resolves when so many more were made. */
  readonly scrapes: (count: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A real one in a throw-away folder, with the alert rules of `deploy/`. */
async function startPrometheus(target: string): Promise<Prometheus> {
  const folder = mkdtempSync(join(tmpdir(), "genhook-prometheus-"));
  const config = {
    global: { scrape_interval: "200ms", scrape_timeout: "200ms", evaluation_interval: "200ms" },
    scrape_configs: [{ job_name: "genhook", static_configs: [{ targets: [new URL(target).host] }] }],
    rule_files: [pathOf(RULES)],
  };
  // JSON is YAML.
  writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
  const port = await freePort();
  const flags = { "config.file": join(folder, "prometheus.yml"), "storage.tsdb.path": folder, "web.listen-address": `127.0.0.1:${port}` };
  const server = spawn(
    "prometheus",
    Object.entries(flags).map(([name, value]) => `--${name}=${value}`),
    { stdio: "ignore" },
  );
  const exited = once(server, "exit");
  const get = async <Found>(path: string): Promise<Found> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const { status, error, data } = (await answer.json()) as { status: string; error?: string; data: Found };
    if (status !== "success") throw new Error(`${path}: ${error}`);
    return data;
  };
  const until = async <Found>(path: string, fits: (found: Found) => boolean): Promise<Found> => {
    for (;;) {
      if (server.exitCode !== null) throw new Error(`prometheus ended with ${server.exitCode}`);
      const found = await get<Found>(path).catch(() => null);
      if (found !== null && fits(found)) return found;
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
  };
  const queryPath = (expression: string): string => `query?query=${encodeURIComponent(expression)}`;
  const scraped = queryPath('count_over_time(up{job="genhook"}[1h]) and up == 1');
  const countOf = ({ result }: { readonly result: readonly Sample[] }): number => Number(result[0]?.value[1] ?? 0);
  return {
    get,
    until,
    query: async (expression) => (await get<{ readonly result: readonly Sample[] }>(queryPath(expression))).result,
    scrapes: async (count) => {
      const before = countOf(await until<{ readonly result: readonly Sample[] }>(scraped, () => true));
      await until<{ readonly result: readonly Sample[] }>(scraped, (found) => countOf(found) >= before + count);
    },
    close: async () => {
      server.kill();
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
