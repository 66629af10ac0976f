import { explainAttempt, type EndpointEntry } from "@genhook/contract/client";
import { formatCount } from "../format.ts";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { AppFilter, ChoiceFilter, TextFilter, useFilters, Toolbar } from "../parts/filters.tsx";
import { Address, Name } from "../parts/names.tsx";
import { Page } from "../parts/page.tsx";
import { StateMark, type Tone } from "../parts/state-mark.tsx";
import { Age } from "../parts/time.tsx";
import { words } from "../words.ts";
import { useAppName } from "./deliveries.tsx";

const STATES = ["failing", "open", "suspended", "held"] as const;
const REFRESH_MS = 5_000;

/** The worst that can be said of it. */
export function standingOf(endpoint: EndpointEntry): readonly [Tone, string] {
  const { states } = words.endpoints;
  if (endpoint.held !== null) return ["warn", states.held];
  if (endpoint.webhooks.suspended > 0) return ["bad", states.suspended];
  if (endpoint.breaker === "open") return ["bad", states.open];
  if (endpoint.failingSince !== null) return ["warn", states.failing];
  if (endpoint.pausedUntil !== null) return ["warn", words.endpoints.paused];
  return ["good", words.endpoints.well];
}

export function lastFailureOf({ lastError, lastStatus }: EndpointEntry): string {
  if (lastError !== null) return explainAttempt({ error: lastError }).happened;
  return lastStatus === null ? "" : explainAttempt({ status: lastStatus }).happened;
}

export const endpointColumns = (nameOf: (clientId: string) => string): readonly Column<EndpointEntry>[] => [
  { head: words.deliveries.address, phone: "1-start", cell: (each) => <Address address={each.address} /> },
  {
    head: words.endpoints.state,
    phone: "2-start",
    cell: (each) => {
      const [tone, name] = standingOf(each);
      return <StateMark tone={tone}>{name}</StateMark>;
    },
  },
  { head: words.deliveries.app, isForOperators: true, phone: "4-start", cell: (each) => <Name text={nameOf(each.clientId)} /> },
  {
    head: words.endpoints.webhooks,
    isNumber: true,
    phone: null,
    cell: ({ webhooks: { active, paused, suspended, disabled } }) => formatCount(active + paused + suspended + disabled),
  },
  {
    head: words.endpoints.lastFailure,
    phone: "3",
    cell: (each) => (lastFailureOf(each) === "" ? null : <span className="quiet">{lastFailureOf(each)}</span>),
  },
  {
    head: words.endpoints.failingSince,
    phone: "2-end",
    cell: (each) => (each.failingSince === null ? null : <Age at={each.failingSince} />),
  },
];

export default function Endpoints() {
  const { filters, set, clear } = useFilters(["state", "clientId", "host"]);
  const nameOf = useAppName();
  return (
    <Page title={words.endpoints.title} lead={words.endpoints.lead}>
      <Toolbar filters={filters} onClear={clear}>
        <ChoiceFilter
          label={words.filters.state}
          value={filters.state}
          onChange={(value) => set("state", value)}
          choices={STATES.map((state) => ({ value: state, label: words.endpoints.states[state] }))}
        />
        <AppFilter value={filters.clientId} onChange={(value) => set("clientId", value)} />
        <TextFilter label={words.endpoints.host} value={filters.host} onChange={(value) => set("host", value)} />
      </Toolbar>
      <div className="panel">
        <EntryList
          operation="listEndpoints"
          name={words.endpoints.title}
          query={filters}
          columns={endpointColumns(nameOf)}
          keyOf={(each) => each.id}
          href={(each) => `/endpoints/${each.id}`}
          empty={{ title: words.endpoints.empty, lead: words.endpoints.emptyLead }}
          refreshMs={REFRESH_MS}
        />
      </div>
    </Page>
  );
}
