import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const pathOf = (name: string): string => fileURLToPath(new URL(`../../../../${name}`, import.meta.url));
const DASHBOARD = "deploy/grafana/genhook.json";
export const RULES = "deploy/prometheus/genhook.rules.yml";

/** An expression of PromQL that operators are given, and where it stands. */
export interface Expression {
  readonly where: string;
  readonly expr: string;
}

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[] };
}

const dashboard = (): Dashboard => JSON.parse(readFileSync(pathOf(DASHBOARD), "utf8")) as Dashboard;

export function panelExpressions(): readonly Expression[] {
  return dashboard().panels.flatMap(({ title, targets }) => (targets ?? []).map(({ expr }) => ({ where: `${DASHBOARD}: ${title}`, expr })));
}

/** What the dashboard asks for its variables: `label_values(metric, label)`. */
export function variableQueries(): readonly { readonly name: string; readonly metric: string; readonly label: string }[] {
  return dashboard().templating.list.flatMap(({ name, definition }) => {
    const [, metric = "", label = ""] = /^label_values\((.*), (\w+)\)$/.exec(definition ?? "") ?? [];
    return metric === "" ? [] : [{ name, metric, label }];
  });
}

/** An alert as it stands, from its name on. */
export const alertRules = (): readonly string[] => readFileSync(pathOf(RULES), "utf8").split("- alert: ").slice(1);
export const alertName = (rule: string): string => rule.replace(/\n.*/s, "");

export function alertExpressions(): readonly Expression[] {
  return alertRules().map((rule) => ({
    where: `${RULES}: ${alertName(rule)}`,
    expr: /expr: (.*?)\n {8}(?:for|labels):/s.exec(rule)?.[1] ?? "",
  }));
}
