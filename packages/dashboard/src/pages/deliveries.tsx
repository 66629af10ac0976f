import { Switch } from "@mantine/core";
import { explainAttempt, explainReason, type DeliveryEntry } from "@genhook/contract/client";
import { useState } from "react";
import { formatCount } from "../format.ts";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { AppFilter, ChoiceFilter, ShopFilter, TextFilter, TopicFilter, useApps, useFilters, Toolbar } from "../parts/filters.tsx";
import { MomentField } from "../parts/moment-field.tsx";
import { Name, shopName, withoutScheme } from "../parts/names.tsx";
import { Page } from "../parts/page.tsx";
import { StateMark, toneOfDelivery } from "../parts/state-mark.tsx";
import { Empty } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { useIsOperator } from "../session/session-context.ts";
import { words } from "../words.ts";

const FILTERS = ["state", "shop", "clientId", "topic", "webhookId", "eventId", "endpointId", "createTimeMin", "createTimeMax"] as const;
const STATES = ["delivered", "dead", "cancelled", "pending"] as const;
const REFRESH_MS = 4_000;

/** In a few words; what there is to say about it stands on the delivery's page, and where one points at it. */
export function LastAnswer({ delivery }: { readonly delivery: DeliveryEntry }) {
  const { lastStatus, lastError, reason, state } = delivery;
  const says = words.deliveries;
  if (reason !== null && (state === "cancelled" || state === "pending" || reason === "available")) {
    const short = says.reasons[reason];
    return (
      <span className={short === undefined ? undefined : "nowrap"} title={explainReason(reason)}>
        {short ?? capitalised(explainReason(reason))}
      </span>
    );
  }
  if (lastError !== null) {
    return (
      <span className="nowrap" title={explainAttempt({ error: lastError }).happened}>
        {says.errors[lastError] ?? lastError}
      </span>
    );
  }
  if (lastStatus !== null) return <span className="nowrap">{lastStatus}</span>;
  return state === "pending" ? <span className="quiet nowrap">{says.noAttempt}</span> : null;
}

export const deliveryColumns = (nameOf: (clientId: string) => string): readonly Column<DeliveryEntry>[] => [
  {
    head: words.deliveries.topic,
    phone: "1-start",
    cell: (each) => (
      <>
        <span className="nowrap">{each.topic}</span>
        {each.test ? <span className="tag">{words.deliveries.test}</span> : null}
      </>
    ),
  },
  {
    head: words.deliveries.state,
    phone: "1-end",
    cell: (each) => <StateMark tone={toneOfDelivery(each.state)}>{words.delivery.stateIs[each.state]}</StateMark>,
  },
  {
    head: words.deliveries.last,
    phone: "2-start",
    cell: (each) => (
      <>
        <LastAnswer delivery={each} />
        {each.attemptCount < 2 ? null : (
          <span className="on-phone quiet"> · {words.deliveries.attemptCount(formatCount(each.attemptCount))}</span>
        )}
      </>
    ),
  },
  {
    head: words.deliveries.address,
    isLong: true,
    phone: "3",
    cell: (each) =>
      each.address === "" ? null : (
        <span className="cut" title={each.address}>
          {withoutScheme(each.address)}
        </span>
      ),
  },
  { head: words.deliveries.shop, phone: "4-start", cell: (each) => <Name text={shopName(each.shop)} /> },
  { head: words.deliveries.app, isForOperators: true, phone: "4-end", cell: (each) => <Name text={nameOf(each.clientId)} /> },
  { head: words.deliveries.attempts, isNumber: true, phone: null, cell: (each) => formatCount(each.attemptCount) },
  { head: words.deliveries.updated, phone: "2-end", cell: (each) => <Time at={each.updateTime} /> },
];

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

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
      <Toolbar filters={filters} onClear={clear}>
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
        <MomentField label={words.filters.from} value={filters.createTimeMin} onChange={(value) => set("createTimeMin", value)} />
        <MomentField label={words.filters.to} value={filters.createTimeMax} onChange={(value) => set("createTimeMax", value)} />
      </Toolbar>
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
