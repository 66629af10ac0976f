import type { Answer } from "@genhook/contract/client";
import { useState, type KeyboardEvent, type PointerEvent } from "react";
import { formatClock, formatDay, formatMoment } from "../format.ts";
import { words } from "../words.ts";
import { pathOf, runsOf, ticksFor } from "./plot-scale.ts";

type Point = Answer<"getStats">["series"][number];

export interface Series {
  readonly member: Exclude<keyof Point, "at">;
  readonly name: string;
  readonly tone: 1 | 2 | 3 | 4;
}

export interface PlotProps {
  readonly title: string;
  readonly series: readonly Series[];
  readonly points: readonly Point[];
  readonly format: (value: number) => string;
  readonly range: "1h" | "24h" | "30d";
}

const WIDTH = 1_000;
const HEIGHT = 200;
const TIME_LABELS = 5;

/** Values over time. Pointing at it, or the arrow keys, read it out point by point. */
export function Plot({ title, series, points, format, range }: PlotProps) {
  const [at, setAt] = useState<number | null>(null);
  const ticks = ticksFor(Math.max(0, ...points.flatMap((point) => series.map(({ member }) => point[member] ?? 0))));
  const top = ticks.at(-1) ?? 1;
  const last = points.length - 1;
  const pointed = at === null ? undefined : points[Math.min(at, last)];
  const point = (event: PointerEvent<HTMLElement>): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    setAt(Math.max(0, Math.min(last, Math.round(((event.clientX - left) / width) * last))));
  };
  const step = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
    if (by === 0) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(last, (at ?? (by < 0 ? last + 1 : -1)) + by)));
  };
  return (
    <section className="panel" aria-label={title}>
      <div className="panel-head">
        <h2>{title}</h2>
        <Legend series={series} />
      </div>
      <div className="panel-body">
        <div className="plot">
          <div className="plot-ticks" aria-hidden="true">
            {ticks.map((tick) => (
              <span key={tick} style={{ bottom: `${(tick / top) * 100}%` }}>
                {format(tick)}
              </span>
            ))}
          </div>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the arrow keys read it out */}
          <div
            className="plot-area"
            role="img"
            tabIndex={0}
            aria-label={labelOf(title, points)}
            onPointerMove={point}
            onPointerLeave={() => setAt(null)}
            onKeyDown={step}
            onBlur={() => setAt(null)}
          >
            <Lines series={series} points={points} ticks={ticks} top={top} />
            {at === null || last < 1 ? null : <div className="plot-cross" style={{ left: `${(Math.min(at, last) / last) * 100}%` }} />}
          </div>
          <TimeLabels points={points} format={range === "30d" ? formatDay : formatClock} />
        </div>
        <p className="plot-read" aria-live="polite">
          {pointed === undefined ? "" : readOut(pointed, series, format)}
        </p>
      </div>
    </section>
  );
}

function Legend({ series }: Pick<PlotProps, "series">) {
  return (
    <div className="legend">
      {series.map(({ member, name, tone }) => (
        <span key={member} className={`series-${tone}`}>
          {name}
        </span>
      ))}
    </div>
  );
}

interface LinesProps extends Pick<PlotProps, "series" | "points"> {
  readonly ticks: readonly number[];
  readonly top: number;
}

function Lines({ series, points, ticks, top }: LinesProps) {
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
      {ticks.map((tick) => (
        <line key={tick} className="plot-grid" x1={0} x2={WIDTH} y1={HEIGHT * (1 - tick / top)} y2={HEIGHT * (1 - tick / top)} />
      ))}
      {series.map(({ member, tone }) => (
        <path
          key={member}
          className={`plot-line series-${tone}`}
          d={pathOf(
            runsOf(
              points.map((point) => point[member]),
              top,
            ),
            WIDTH,
            HEIGHT,
          )}
        />
      ))}
    </svg>
  );
}

function TimeLabels({ points, format }: Pick<PlotProps, "points"> & { readonly format: (at: number) => string }) {
  const labels = Array.from({ length: TIME_LABELS }, (_, index) => points[Math.round((index / (TIME_LABELS - 1)) * (points.length - 1))]);
  return (
    <div className="plot-times" aria-hidden="true">
      {labels.map((point, index) => (
        <span key={index}>{point === undefined ? "" : format(Date.parse(point.at))}</span>
      ))}
    </div>
  );
}

function labelOf(title: string, points: readonly Point[]): string {
  const from = points[0];
  const to = points.at(-1);
  if (from === undefined || to === undefined) return title;
  return words.overview.chart(title, formatMoment(Date.parse(from.at)), formatMoment(Date.parse(to.at)));
}

function readOut(point: Point, series: readonly Series[], format: (value: number) => string): string {
  const values = series.map(({ member, name }) => {
    const value = point[member];
    return `${name} ${value === null ? "–" : format(value)}`;
  });
  return [formatMoment(Date.parse(point.at)), ...values].join(" · ");
}
