import { Button } from "@mantine/core";
import type { PlatformWebhookEntry } from "@genhook/contract/client";
import { useState } from "react";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { AppFilter, ChoiceFilter, ShopFilter, TextFilter, TopicFilter, useFilters, Toolbar } from "../parts/filters.tsx";
import { Address, Name, shopName } from "../parts/names.tsx";
import { Page } from "../parts/page.tsx";
import { StateMark, type Tone } from "../parts/state-mark.tsx";
import { Time } from "../parts/time.tsx";
import { useCan, useIsOperator } from "../session/session-context.ts";
import { words } from "../words.ts";
import { useAppName } from "./deliveries.tsx";
import { NewWebhook } from "./new-webhook.tsx";

const STATUSES = ["active", "paused", "suspended", "disabled"] as const;
const TONES: Readonly<Record<PlatformWebhookEntry["status"], Tone>> = {
  active: "good",
  paused: "warn",
  suspended: "bad",
  disabled: "still",
};

export function WebhookStatus({ webhook }: { readonly webhook: PlatformWebhookEntry }) {
  const { status, held } = webhook;
  return (
    <>
      <StateMark tone={held === null ? TONES[status] : "warn"}>{words.webhooks.statuses[status]}</StateMark>
      {held === null ? null : <span className="tag">{words.webhooks.isHeld}</span>}
    </>
  );
}

export default function Webhooks() {
  const { filters, set, clear } = useFilters(["status", "shop", "clientId", "topic", "endpointId"]);
  const nameOf = useAppName();
  const [isOpen, setOpen] = useState(false);
  const isOperator = useIsOperator();
  // Operators make none: what an app wants is the app's to say.
  const canMake = useCan("edit") && !isOperator;
  const columns: readonly Column<PlatformWebhookEntry>[] = [
    { head: words.deliveries.topic, phone: "1-start", cell: (each) => <span className="nowrap">{each.topic}</span> },
    { head: words.webhooks.status, phone: "1-end", cell: (each) => <WebhookStatus webhook={each} /> },
    { head: words.deliveries.address, phone: "2", cell: (each) => <Address address={each.address} /> },
    {
      head: words.deliveries.shop,
      phone: "3-start",
      cell: (each) => (each.shop === null ? words.webhooks.ofApp : <Name text={shopName(each.shop)} />),
    },
    { head: words.deliveries.app, isForOperators: true, phone: "3-end", cell: (each) => <Name text={nameOf(each.clientId)} /> },
    { head: words.webhooks.changedAt, phone: null, cell: (each) => <Time at={each.updateTime} /> },
  ];
  return (
    <Page
      title={words.webhooks.title}
      lead={words.webhooks.lead}
      actions={canMake ? <Button onClick={() => setOpen(true)}>{words.newWebhook.new}</Button> : null}
    >
      <Toolbar filters={filters} onClear={clear}>
        <ChoiceFilter
          label={words.filters.status}
          value={filters.status}
          onChange={(value) => set("status", value)}
          choices={STATUSES.map((status) => ({ value: status, label: words.webhooks.statuses[status] }))}
        />
        <ShopFilter value={filters.shop} onChange={(value) => set("shop", value)} />
        <AppFilter value={filters.clientId} onChange={(value) => set("clientId", value)} />
        <TopicFilter value={filters.topic} onChange={(value) => set("topic", value)} />
        <TextFilter label={words.filters.endpoint} value={filters.endpointId} onChange={(value) => set("endpointId", value)} />
      </Toolbar>
      <div className="panel">
        <EntryList
          operation="listAllWebhooks"
          name={words.webhooks.title}
          query={filters}
          columns={columns}
          keyOf={(each) => String(each.id)}
          href={(each) => `/webhooks/${each.id}`}
          empty={{
            title: Object.keys(filters).length === 0 ? words.webhooks.none : words.webhooks.empty,
            lead: isOperator ? words.webhooks.emptyLead : words.webhooks.emptyOwn,
          }}
        />
      </div>
      {isOpen ? <NewWebhook onClose={() => setOpen(false)} /> : null}
    </Page>
  );
}
