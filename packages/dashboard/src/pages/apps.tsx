import type { AppEntry } from "@genhook/contract/client";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { Page } from "../parts/page.tsx";
import { Time } from "../parts/time.tsx";
import { words } from "../words.ts";

const COLUMNS: readonly Column<AppEntry>[] = [
  { head: words.apps.name, cell: (each) => each.name },
  { head: words.apps.clientId, cell: (each) => <span className="mono">{each.clientId}</span> },
  { head: words.apps.version, cell: (each) => each.apiVersion },
  { head: words.apps.listed, cell: (each) => (each.listed ? words.apps.yes : words.apps.no) },
  { head: words.apps.created, cell: (each) => <Time at={each.createTime} /> },
];

export default function Apps() {
  return (
    <Page title={words.apps.title} lead={words.apps.lead}>
      <div className="panel">
        <EntryList
          operation="listApps"
          name={words.apps.title}
          columns={COLUMNS}
          keyOf={(each) => each.clientId}
          href={(each) => `/apps/${each.clientId}`}
          empty={{ title: words.apps.empty, lead: words.apps.emptyLead }}
        />
      </div>
    </Page>
  );
}
