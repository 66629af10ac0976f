import type { ShopEntry } from "@genhook/contract/client";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { Page } from "../parts/page.tsx";
import { Time } from "../parts/time.tsx";
import { words } from "../words.ts";

const COLUMNS: readonly Column<ShopEntry>[] = [
  { head: words.shops.domain, cell: (each) => each.domain },
  { head: words.shops.shopId, cell: (each) => <span className="mono">{each.shopId}</span> },
  { head: words.shops.plan, cell: (each) => words.shops.plans[each.plan] },
  { head: words.shops.created, cell: (each) => <Time at={each.createTime} /> },
];

export default function Shops() {
  return (
    <Page title={words.shops.title} lead={words.shops.lead}>
      <div className="panel">
        <EntryList
          operation="listShops"
          name={words.shops.title}
          columns={COLUMNS}
          keyOf={(each) => each.domain}
          href={(each) => `/installations?shop=${each.domain}`}
          empty={{ title: words.shops.empty, lead: words.shops.emptyLead }}
        />
      </div>
    </Page>
  );
}
