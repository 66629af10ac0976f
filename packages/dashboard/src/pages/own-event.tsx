import { EntryList } from "../parts/entry-list.tsx";
import { Page, Panel } from "../parts/page.tsx";
import { words } from "../words.ts";
import { deliveryColumns, useAppName } from "./deliveries.tsx";
import { Decisions } from "./event.tsx";

/** An event as an app's developer sees it: what became of it for the app, and why. The event itself is the platform's. */
export default function OwnEvent({ id }: { readonly id: string }) {
  const nameOf = useAppName();
  return (
    <Page
      title={words.event.title}
      lead={<span className="mono">{id}</span>}
      parent={{ href: "/deliveries", name: words.deliveries.title }}
    >
      <Decisions id={id} nameOf={nameOf} />
      <Panel title={words.event.deliveries} isFlush>
        <EntryList
          operation="listDeliveries"
          name={words.event.deliveries}
          query={{ eventId: id }}
          columns={deliveryColumns(nameOf)}
          keyOf={(each) => each.id}
          href={(each) => `/deliveries/${each.id}`}
          empty={{ title: words.event.noOwnDeliveries }}
        />
      </Panel>
    </Page>
  );
}
