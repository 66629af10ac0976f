import type { BlockedKeyEntry } from "@genhook/contract/client";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { formatCount } from "../format.ts";
import { Confirm } from "../parts/confirm.tsx";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { AppFilter, ShopFilter, TextFilter, useFilters, Toolbar } from "../parts/filters.tsx";
import { shopName } from "../parts/names.tsx";
import { Page } from "../parts/page.tsx";
import { Age } from "../parts/time.tsx";
import { client } from "../session/client.ts";
import { useCan } from "../session/session-context.ts";
import { words } from "../words.ts";
import { useAppName } from "./deliveries.tsx";

const REFRESH_MS = 5_000;

/** Order keys that wait for a dead letter, over all webhooks. */
export default function BlockedKeysPage() {
  const { filters, set, clear } = useFilters(["shop", "clientId", "webhookId"]);
  const nameOf = useAppName();
  const says = words.blockedKeys;
  return (
    <Page title={says.title} lead={says.lead}>
      <Toolbar filters={filters} onClear={clear}>
        <ShopFilter value={filters.shop} onChange={(value) => set("shop", value)} />
        <AppFilter value={filters.clientId} onChange={(value) => set("clientId", value)} />
        <TextFilter label={words.filters.webhook} value={filters.webhookId} onChange={(value) => set("webhookId", value)} />
      </Toolbar>
      <div className="panel">
        <BlockedKeys
          query={filters}
          columns={[
            { head: words.delivery.webhook, cell: (each) => <Link href={`/webhooks/${each.webhookId}`}>{each.webhookId}</Link> },
            { head: words.deliveries.shop, cell: (each) => shopName(each.shop) },
            { head: words.deliveries.app, isForOperators: true, cell: (each) => nameOf(each.clientId) },
          ]}
        />
      </div>
    </Page>
  );
}

export interface BlockedKeysProps {
  readonly query: Readonly<Record<string, string | number | undefined>>;
  /** What else is said of each, where it is not one webhook's. */
  readonly columns?: readonly Column<BlockedKeyEntry>[];
}

/** Each leads to the dead letter that its key waits for. */
export function BlockedKeys({ query, columns = [] }: BlockedKeysProps) {
  const canSkip = useCan("replay");
  const says = words.blockedKeys;
  const all: readonly Column<BlockedKeyEntry>[] = [
    { head: says.orderKey, cell: (each) => each.orderKey },
    ...columns,
    { head: says.pending, isNumber: true, cell: (each) => words.endpoints.count(formatCount(each.pending), each.more) },
    { head: says.since, cell: (each) => <Age at={each.since} /> },
    ...(canSkip ? [{ head: words.states.actions, cell: (each: BlockedKeyEntry) => <Skip id={each.deliveryId} /> }] : []),
  ];
  return (
    <EntryList
      operation="listBlockedKeys"
      name={says.title}
      query={query}
      columns={all}
      keyOf={(each) => each.deliveryId}
      href={(each) => `/deliveries/${each.deliveryId}`}
      empty={{ title: says.empty, lead: says.emptyLead }}
      refreshMs={REFRESH_MS}
    />
  );
}

function Skip({ id }: { readonly id: string }) {
  const queries = useQueryClient();
  const says = words.blockedKeys;
  return (
    <Confirm
      size="xs"
      label={says.skip}
      title={says.skipTitle}
      lead={says.skipLead}
      act={async () => {
        await client.call("skipDelivery", { params: { id } });
        await queries.invalidateQueries({ queryKey: ["listBlockedKeys"] });
      }}
    />
  );
}
