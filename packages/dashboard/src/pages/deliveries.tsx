import { Switch } from "@mantine/core";
import { explainAttempt, explainReason, type DeliveryEntry } from "@genhook/contract/client";
import { useState } from "react";
import { formatCount } from "../format.ts";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { AppFilter, ChoiceFilter, ClearFilters, ShopFilter, TextFilter, TopicFilter, useApps, useFilters } from "../parts/filters.tsx";
import { Page } from "../parts/page.tsx";
import { StateMark, toneOfDelivery } from "../parts/state-mark.tsx";
import { Empty } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { useIsOperator } from "../session/session-context.ts";
import { words } from "../words.ts";

const FILTERS = ["state", "shop", "clientId", "topic", "webhookId", "eventId", "endpointId", "createTimeMin", "createTimeMax"] as const;
const STATES = ["delivered", "dead", "cancelled", "pending"] as const;
const REFRESH_MS = 4_000;

export function lastAnswer(delivery: DeliveryEntry): string {
  const { lastStatus, lastError, reason, state } = delivery;
  if (reason !== null && (state === "cancelled" || state === "pending" || reason === "available")) return explainReason(reason);
  if (lastError !== null) return explainAttempt({ error: lastError }).happened;
  return lastStatus === null ? "" : String(lastStatus);
}

export const deliveryColumns = (nameOf: (clientId: string) => string): readonly Column<DeliveryEntry>[] => [
  {
    head: words.deliveries.topic,
    cell: (each) => (
      <>
        {each.topic}
        {each.test ? <span className="tag">{words.deliveries.test}</span> : null}
      </>
    ),
  },
  {
    head: words.deliveries.state,
    cell: (each) => <StateMark tone={toneOfDelivery(each.state)}>{words.delivery.stateIs[each.state]}</StateMark>,
  },
  { head: words.deliveries.last, cell: lastAnswer },
  {
    head: words.deliveries.address,
    cell: (each) => (
      <span className="cut" title={each.address}>
        {withoutScheme(each.address)}
      </span>
    ),
  },
  { head: words.deliveries.shop, cell: (each) => shopName(each.shop) },
  { head: words.deliveries.app, isForOperators: true, cell: (each) => nameOf(each.clientId) },
  { head: words.deliveries.attempts, isNumber: true, cell: (each) => formatCount(each.attemptCount) },
  { head: words.deliveries.updated, cell: (each) => <Time at={each.updateTime} /> },
];

const withoutScheme = (address: string): string => address.replace(/^https?:\/\//, "");
export const shopName = (domain: string): string => domain.replace(/\.genmystore\.com$/, "");

/** The name of an app by its client id, where it is among those that were read. */
export function useAppName(): (clientId: string) => string {
  const apps = useApps();
  return (clientId) => apps.find((app) => app.clientId === clientId)?.name ?? `${clientId.slice(0, 8)}…`;
}

export default function Deliveries() {
  const { filters, set, clear } = useFilters(FILTERS);
  const [isLive, setLive] = useState(true);
  const nameOf = useAppName();
  const isOperator = useIsOperator();
  const isUnbounded =
    isOperator && filters.state === "pending" && [filters.webhookId, filters.eventId, filters.endpointId].every((id) => id === undefined);
  return (
    <Page
      title={words.deliveries.title}
      lead={words.deliveries.lead}
      actions={
        <Switch
          label={words.states.live}
          checked={isLive}
          onChange={(event) => setLive(event.currentTarget.checked)}
          title={words.states.liveHint}
        />
      }
    >
      <section className="toolbar" aria-label={words.filters.label}>
        <ChoiceFilter
          label={words.filters.state}
          value={filters.state}
          onChange={(value) => set("state", value)}
          choices={STATES.map((state) => ({ value: state, label: words.delivery.stateIs[state] }))}
        />
        <ShopFilter value={filters.shop} onChange={(value) => set("shop", value)} />
        <AppFilter value={filters.clientId} onChange={(value) => set("clientId", value)} />
        <TopicFilter value={filters.topic} onChange={(value) => set("topic", value)} />
        <TextFilter label={words.filters.webhook} value={filters.webhookId} onChange={(value) => set("webhookId", value)} />
        <TextFilter label={words.filters.event} value={filters.eventId} onChange={(value) => set("eventId", value)} />
        <TextFilter label={words.filters.endpoint} value={filters.endpointId} onChange={(value) => set("endpointId", value)} />
        {Object.keys(filters).length === 0 ? null : <ClearFilters onClear={clear} />}
      </section>
      <div className="panel">
        {isUnbounded ? (
          <Empty title={words.delivery.stateIs.pending} lead={words.deliveries.pendingNeeds} />
        ) : (
          <EntryList
            operation="listDeliveries"
            name={words.deliveries.title}
            query={filters}
            columns={deliveryColumns(nameOf)}
            keyOf={(each) => each.id}
            href={(each) => `/deliveries/${each.id}`}
            empty={{ title: words.deliveries.empty, lead: words.deliveries.emptyLead }}
            refreshMs={isLive ? REFRESH_MS : false}
          />
        )}
      </div>
    </Page>
  );
}
