import type { InstallationEntry } from "@genhook/contract/client";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { AppFilter, ShopFilter, useFilters, Toolbar } from "../parts/filters.tsx";
import { Page } from "../parts/page.tsx";
import { Time } from "../parts/time.tsx";
import { words } from "../words.ts";
import { useAppName } from "./deliveries.tsx";

export default function Installations() {
  const { filters, set, clear } = useFilters(["shop", "clientId"]);
  const nameOf = useAppName();
  const columns: readonly Column<InstallationEntry>[] = [
    { head: words.deliveries.app, cell: (each) => nameOf(each.clientId) },
    { head: words.deliveries.shop, cell: (each) => each.shop },
    { head: words.installations.scopes, cell: (each) => <span className="quiet">{each.scopes.join(", ")}</span> },
    { head: words.installations.installed, cell: (each) => <Time at={each.installedAt} /> },
  ];
  return (
    <Page title={words.installations.title} lead={words.installations.lead}>
      <Toolbar filters={filters} onClear={clear}>
        <ShopFilter value={filters.shop} onChange={(value) => set("shop", value)} />
        <AppFilter value={filters.clientId} onChange={(value) => set("clientId", value)} />
      </Toolbar>
      <div className="panel">
        <EntryList
          operation="listInstallations"
          name={words.installations.title}
          query={filters}
          columns={columns}
          keyOf={(each) => `${each.clientId} ${each.shop}`}
          href={(each) => `/deliveries?clientId=${each.clientId}&shop=${each.shop}`}
          empty={{ title: words.installations.empty, lead: words.installations.emptyLead }}
        />
      </div>
    </Page>
  );
}
