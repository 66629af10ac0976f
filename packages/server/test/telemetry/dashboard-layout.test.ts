import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { pathOf } from "./deployed.ts";

/** Columns of Grafana's grid. */
const GRID_COLUMNS = 24;

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly type: string; readonly uid: string };
  readonly gridPos: Place;
  readonly targets?: readonly { readonly refId: string; readonly expr: string; readonly legendFormat?: string }[];
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly options?: Readonly<Record<string, unknown>>;
}

interface Dashboard {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
}

/** Kinds of panels that are drawn, with the options that Grafana's schema has no default for: it leaves a panel empty that lacks one. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  stat: [
    "colorMode",
    "graphMode",
    "justifyMode",
    "orientation",
    "percentChangeColorMode",
    "reduceOptions",
    "showPercentChange",
    "textMode",
    "wideLayout",
  ],
  timeseries: ["legend", "tooltip"],
};

const { panels, templating, uid } = JSON.parse(readFileSync(pathOf("deploy/grafana/genhook.json"), "utf8")) as Dashboard;
const drawn = panels.filter(({ type }) => type !== "row");

const overlap = (a: Place, b: Place): boolean => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

describe("the Grafana dashboard", () => {
  it("has a name to be linked by, and panels that are told apart", () => {
    expect(uid).toBe("genhook");
    expect(drawn.length).toBeGreaterThan(20);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(drawn.map(({ title }) => title)).size).toBe(drawn.length);
  });

  it("has every panel inside the grid, none over another, and rows that are full", () => {
    for (const [index, { title, gridPos }] of panels.entries()) {
      expect([title, gridPos.x >= 0 && gridPos.w > 0 && gridPos.h > 0 && gridPos.x + gridPos.w <= GRID_COLUMNS]).toEqual([title, true]);
      const others = panels.slice(index + 1).filter((other) => overlap(gridPos, other.gridPos));
      expect([title, others.map((other) => other.title)]).toEqual([title, []]);
    }
    for (const [y, row] of Map.groupBy(panels, ({ gridPos }) => gridPos.y)) {
      expect([y, row.reduce((sum, { gridPos }) => sum + gridPos.w, 0)]).toEqual([y, GRID_COLUMNS]);
    }
  });

  it.each(drawn.map((panel) => [panel.title, panel] as const))(
    "%s: says what it shows, in which unit, of the chosen Prometheus",
    (_, panel) => {
      expect(panel.description ?? "").toMatch(/\w.*\.$/);
      expect(panel.fieldConfig?.defaults.unit ?? "").toMatch(/^(short|reqps|percentunit|s|bytes|none)$/);
      expect(panel.datasource).toEqual({ type: "prometheus", uid: "${datasource}" });
      expect(OPTIONS[panel.type]).toBeDefined();
      expect(Object.keys(panel.options ?? {}).toSorted()).toEqual(OPTIONS[panel.type]);
      const targets = panel.targets ?? [];
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      // Without one a line is called by its whole expression.
      expect(targets.filter(({ legendFormat }) => (legendFormat ?? "") === "")).toEqual([]);
    },
  );

  it("asks only for variables that it has, the data source first", () => {
    const names = templating.list.map(({ name }) => name);
    expect(templating.list[0]).toMatchObject({ name: "datasource", type: "datasource" });
    const asked = drawn.flatMap(({ targets = [] }) =>
      targets.flatMap(({ expr }) => [...expr.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name)),
    );
    expect(asked.length).toBeGreaterThan(20);
    expect([...new Set(asked)].filter((name) => !names.includes(name ?? "") && !(name ?? "").startsWith("__"))).toEqual([]);
  });
});
