import { Button } from "@mantine/core";
import type { PlatformWebhookEntry } from "@genhook/contract/client";
import { useState } from "react";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { AppFilter, ChoiceFilter, ClearFilters, ShopFilter, TextFilter, TopicFilter, useFilters } from "../parts/filters.tsx";
import { Page } from "../parts/page.tsx";
import { StateMark, type Tone } from "../parts/state-mark.tsx";
import { Time } from "../parts/time.tsx";
import { useCan, useIsOperator } from "../session/session-context.ts";
import { words } from "../words.ts";
import { shopName, useAppName } from "./deliveries.tsx";
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
    { head: words.deliveries.topic, cell: (each) => each.topic },
    { head: words.webhooks.status, cell: (each) => <WebhookStatus webhook={each} /> },
    { head: words.deliveries.address, cell: (each) => each.address?.replace(/^https?:\/\//, "") ?? words.webhooks.pull },
    { head: words.deliveries.shop, cell: (each) => (each.shop === null ? words.webhooks.ofApp : shopName(each.shop)) },
    { head: words.deliveries.app, isForOperators: true, cell: (each) => nameOf(each.clientId) },
    { head: words.webhooks.changedAt, cell: (each) => <Time at={each.updateTime} /> },
  ];
  return (
    <Page
      title={words.webhooks.title}
      lead={words.webhooks.lead}
      actions={canMake ? <Button onClick={() => setOpen(true)}>{words.newWebhook.new}</Button> : null}
    >
      <section className="toolbar" aria-label={words.filters.label}>
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
        {Object.keys(filters).length === 0 ? null : <ClearFilters onClear={clear} />}
      </section>
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
