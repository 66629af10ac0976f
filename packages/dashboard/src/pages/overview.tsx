import { SegmentedControl } from "@mantine/core";
import type { Answer } from "@genhook/contract/client";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { formatCompact, formatCount, formatRate, formatShare, formatSpan } from "../format.ts";
import { EntryList } from "../parts/entry-list.tsx";
import { AppFilter, ShopFilter, TopicFilter, useFilters, Toolbar } from "../parts/filters.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { Plot, type Series } from "../parts/plot.tsx";
import { Empty, Failed, Lines } from "../parts/states.tsx";
import { client } from "../session/client.ts";
import { useIsOperator } from "../session/session-context.ts";
import { words } from "../words.ts";
import { deliveryColumns, useAppName } from "./deliveries.tsx";
import { endpointColumns } from "./endpoints.tsx";
import { fillGaps, sumUp, type Summary } from "./summary.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

interface Range {
  readonly spanMs: number;
  readonly step: string;
  readonly stepMs: number;
  readonly refreshMs: number;
}

const RANGES = {
  "1h": { spanMs: HOUR_MS, step: "1m", stepMs: MINUTE_MS, refreshMs: 5_000 },
  "24h": { spanMs: 24 * HOUR_MS, step: "30m", stepMs: 30 * MINUTE_MS, refreshMs: 30_000 },
  "30d": { spanMs: 30 * 24 * HOUR_MS, step: "12h", stepMs: 12 * HOUR_MS, refreshMs: 60_000 },
} as const satisfies Readonly<Record<string, Range>>;

type RangeName = keyof typeof RANGES;
type Stats = Answer<"getStats">;

export default function Overview() {
  const { filters, set, clear } = useFilters(["range", "shop", "clientId", "topic"]);
  const { range: given, ...chosen } = filters;
  const range: RangeName = given === "24h" || given === "30d" ? given : "1h";
  const { spanMs, step, refreshMs } = RANGES[range];
  const isOperator = useIsOperator();
  const isOneApp = !isOperator || chosen.clientId !== undefined;
  const stats = useQuery({
    queryKey: ["stats", range, chosen],
    queryFn: () => client.call("getStats", { query: { from: new Date(Date.now() - spanMs).toISOString(), step, ...chosen } }),
    refetchInterval: refreshMs,
    placeholderData: keepPreviousData,
  });
  return (
    <Page
      title={words.overview.title}
      actions={
        <SegmentedControl
          aria-label={words.overview.range}
          value={range}
          onChange={(value) => set("range", value === "1h" ? null : value)}
          data={Object.entries(words.overview.ranges).map(([value, label]) => ({ value, label }))}
        />
      }
    >
      <Toolbar filters={chosen} onClear={clear}>
        <ShopFilter value={chosen.shop} onChange={(value) => set("shop", value)} />
        <AppFilter value={chosen.clientId} onChange={(value) => set("clientId", value)} />
        <TopicFilter value={chosen.topic} onChange={(value) => set("topic", value)} />
      </Toolbar>
      {stats.data === undefined ? (
        stats.isPending ? (
          <div className="panel">
            <Lines count={10} />
          </div>
        ) : (
          <Failed error={stats.error} onRetry={() => void stats.refetch()} />
        )
      ) : (
        <Figures stats={stats.data} range={range} isOneApp={isOneApp} />
      )}
      <Troubled />
      <RecentDead chosen={chosen} />
    </Page>
  );
}

interface FiguresProps {
  readonly stats: Stats;
  readonly range: RangeName;
  /** Then nothing is said of what was published: that counts for everybody who may hear of it, and for no app. */
  readonly isOneApp: boolean;
}

function Figures({ stats, range, isOneApp }: FiguresProps) {
  const now = Date.now();
  const { spanMs, stepMs } = RANGES[range];
  const series = fillGaps(stats.series, now - spanMs, now, stepMs);
  const summary = sumUp({ ...stats, series }, stepMs, now);
  const isQuiet = summary.published === 0 && summary.delivered === 0 && summary.failed === 0;
  return (
    <>
      <Tiles summary={summary} />
      {isQuiet ? (
        <div className="panel">
          <Empty
            title={isOneApp ? words.overview.nothingOfApp : words.overview.nothing}
            lead={isOneApp ? words.overview.nothingOfAppLead : words.overview.nothingLead}
          />
        </div>
      ) : (
        <div className="grid plots">
          <Plot
            title={isOneApp ? words.overview.trafficOfApp : words.overview.traffic}
            series={isOneApp ? TRAFFIC_OF_APP : TRAFFIC}
            points={series}
            format={formatCompact}
            range={range}
          />
          <Plot title={words.overview.latencies} series={LATENCY} points={series} format={formatSpan} range={range} />
          <Plot title={words.overview.trouble} series={TROUBLE} points={series} format={formatCompact} range={range} />
        </div>
      )}
    </>
  );
}

const TRAFFIC_OF_APP: readonly Series[] = [
  { member: "delivered", name: words.overview.delivered, tone: 2 },
  { member: "failed", name: words.overview.failed, tone: 3 },
];
const TRAFFIC: readonly Series[] = [{ member: "published", name: words.overview.published, tone: 1 }, ...TRAFFIC_OF_APP];
const LATENCY: readonly Series[] = [
  { member: "p50Ms", name: words.overview.median, tone: 1 },
  { member: "p99Ms", name: words.overview.slowest, tone: 4 },
];
const TROUBLE: readonly Series[] = [
  { member: "dead", name: words.overview.deadSeries, tone: 3 },
  { member: "cancelled", name: words.overview.cancelled, tone: 4 },
];

function Tiles({ summary }: { readonly summary: Summary }) {
  const { perSecond, success, p50Ms, p99Ms, pending, held, lateMs, dead } = summary;
  const nothing = "–";
  return (
    <dl className="grid tiles">
      <Tile name={words.overview.rate} figure={formatRate(perSecond)} note={words.overview.rateNote} />
      <Tile name={words.overview.success} figure={success === null ? nothing : formatShare(success)} note={words.overview.deadNote} />
      <Tile
        name={words.overview.latency}
        figure={p50Ms === null ? nothing : formatSpan(p50Ms)}
        note={words.overview.p99(p99Ms === null ? nothing : formatSpan(p99Ms))}
      />
      <Tile
        name={words.overview.backlog}
        figure={formatCompact(pending)}
        note={[
          lateMs > MINUTE_MS ? words.overview.oldest(formatSpan(lateMs)) : words.overview.noBacklog,
          ...(held > 0 ? [words.overview.held(formatCount(held))] : []),
        ].join(", ")}
        isWarning={lateMs > MINUTE_MS}
      />
      <Tile name={words.overview.dead} figure={formatCompact(dead)} note={words.overview.deadNote} />
    </dl>
  );
}

interface TileProps {
  readonly name: string;
  readonly figure: string;
  readonly note: string;
  readonly isWarning?: boolean;
}

function Tile({ name, figure, note, isWarning = false }: TileProps) {
  return (
    <div className="panel tile">
      <dt>{name}</dt>
      <dd>
        <div className="figure">{figure}</div>
        <div className={isWarning ? "note warn" : "note"}>{note}</div>
      </dd>
    </div>
  );
}

const TROUBLED_MAX = 5;

/** Endpoints that fail, whatever is chosen above: who looks here wants to know. */
function Troubled() {
  const nameOf = useAppName();
  return (
    <Panel title={words.overview.troubled} isFlush actions={<Link href="/endpoints?state=failing">{words.nav.endpoints}</Link>}>
      <EntryList
        operation="listEndpoints"
        name={words.overview.troubled}
        query={{ state: "failing" }}
        columns={endpointColumns(nameOf)}
        keyOf={(each) => each.id}
        href={(each) => `/endpoints/${each.id}`}
        empty={{ title: words.overview.noneTroubled }}
        refreshMs={RECENT_REFRESH_MS}
        limit={TROUBLED_MAX}
        isWhole={false}
      />
    </Panel>
  );
}

const RECENT_MAX = 6;
const RECENT_REFRESH_MS = 10_000;

function RecentDead({ chosen }: { readonly chosen: Readonly<Record<string, string | undefined>> }) {
  const nameOf = useAppName();
  const query = Object.fromEntries(Object.entries(chosen).filter((entry): entry is [string, string] => entry[1] !== undefined));
  const href = `/deliveries?${new URLSearchParams({ state: "dead", ...query }).toString()}`;
  const shown = new Set<string>([
    words.deliveries.topic,
    words.deliveries.last,
    words.deliveries.address,
    words.deliveries.app,
    words.deliveries.updated,
  ]);
  return (
    <Panel title={words.overview.recentDead} isFlush actions={<Link href={href}>{words.overview.allDead}</Link>}>
      <EntryList
        operation="listDeliveries"
        name={words.overview.recentDead}
        query={{ state: "dead", ...query }}
        columns={deliveryColumns(nameOf).filter((column) => shown.has(column.head))}
        keyOf={(each) => each.id}
        href={(each) => `/deliveries/${each.id}`}
        empty={{ title: words.overview.noDead }}
        refreshMs={RECENT_REFRESH_MS}
        limit={RECENT_MAX}
        isWhole={false}
      />
    </Panel>
  );
}
