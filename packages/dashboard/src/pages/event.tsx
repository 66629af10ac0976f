import { useQuery } from "@tanstack/react-query";
import type { DecisionEntry, DeliveryEntry } from "@genhook/contract/client";
import { Link } from "wouter";
import { Rows, type Column } from "../parts/entry-list.tsx";
import { SourceView } from "../parts/json-view.tsx";
import { Address } from "../parts/names.tsx";
import { Domain, Fact, Facts, Page, Panel } from "../parts/page.tsx";
import { StateMark } from "../parts/state-mark.tsx";
import { Empty, Failed, Lines } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { client } from "../session/client.ts";
import { words } from "../words.ts";
import { deliveryColumns, useAppName } from "./deliveries.tsx";

const REFRESH_MS = 3_000;

export default function Event({ id }: { readonly id: string }) {
  const nameOf = useAppName();
  const found = useQuery({
    queryKey: ["event", id],
    queryFn: () => client.call("getEvent", { params: { id } }),
    refetchInterval: ({ state }) => (state.data?.event.deliveries.some((each) => each.state === "pending") === true ? REFRESH_MS : false),
  });
  if (found.data === undefined) {
    return (
      <Page title={words.event.title}>
        {found.isPending ? <Lines /> : <Failed error={found.error} onRetry={() => void found.refetch()} />}
      </Page>
    );
  }
  const { event } = found.data;
  const { topic, deliveries } = event;
  return (
    <Page title={topic} lead={<span className="mono">{event.id}</span>} parent={{ href: "/deliveries", name: words.deliveries.title }}>
      <Panel title={words.event.title}>
        <Facts>
          <Fact name={words.event.shop}>
            <Link href={`/deliveries?shop=${event.shop}`}>
              <Domain name={event.shop} />
            </Link>
          </Fact>
          <Fact name={words.deliveries.topic}>
            <Link href={`/topics/${encodeURIComponent(topic)}`}>{topic}</Link>
          </Fact>
          <Fact name={words.event.triggered}>
            <Time at={event.triggeredAt} />
          </Fact>
          <Fact name={words.event.accepted}>
            <Time at={event.createTime} />
          </Fact>
          <Fact name={words.event.version}>{event.apiVersion}</Fact>
          {event.clientId === null ? null : (
            <Fact name={words.event.onlyApp}>
              <Link href={`/apps/${event.clientId}`}>{nameOf(event.clientId)}</Link>
            </Fact>
          )}
          {event.orderKey === null ? null : <Fact name={words.event.orderKey}>{event.orderKey}</Fact>}
          {event.changed === null ? null : <Fact name={words.event.changed}>{event.changed.join(", ")}</Fact>}
          {event.test ? <Fact name={words.deliveries.test}>{words.event.test}</Fact> : null}
        </Facts>
      </Panel>
      <Panel title={words.event.deliveries} isFlush>
        {deliveries.length === 0 ? <Empty title={words.event.noDeliveries} /> : <Deliveries deliveries={deliveries} nameOf={nameOf} />}
      </Panel>
      <Decisions id={id} nameOf={nameOf} />
      <div className="panel">
        <div className="panel-body">
          {event.payload === null ? (
            <p>{words.event.erased}</p>
          ) : (
            <SourceView title={words.event.payload} text={JSON.stringify(event.payload, null, 2)} />
          )}
        </div>
      </div>
    </Page>
  );
}

interface Named {
  readonly nameOf: (clientId: string) => string;
}

function Deliveries({ deliveries, nameOf }: Named & { readonly deliveries: readonly DeliveryEntry[] }) {
  // The shop and the topic are the event's.
  const columns = deliveryColumns(nameOf).filter((column) => column.head !== words.deliveries.shop);
  return (
    <div className="list-wrap">
      <Rows
        name={words.event.deliveries}
        entries={deliveries}
        columns={columns}
        keyOf={(each) => each.id}
        href={(each) => `/deliveries/${each.id}`}
      />
    </div>
  );
}

/** Why each webhook was owed the event, or not: the answer to "why did it not arrive". */
export function Decisions({ id, nameOf }: Named & { readonly id: string }) {
  const found = useQuery({ queryKey: ["decisions", id], queryFn: () => client.call("getDecisions", { params: { id } }) });
  const columns: readonly Column<DecisionEntry>[] = [
    { head: words.deliveries.app, isForOperators: true, cell: (each) => nameOf(each.clientId) },
    {
      head: words.event.decision,
      cell: (each) => (
        <StateMark tone={each.decision === "owed" ? "good" : each.decision === "held" ? "warn" : "still"}>
          {words.event.decisions[each.decision]}
        </StateMark>
      ),
    },
    {
      head: words.event.reason,
      cell: (each) => (
        <>
          {words.event.reasons[each.reason] ?? each.reason}
          {each.detail === null ? null : <div className="quiet">{each.detail}</div>}
        </>
      ),
    },
    { head: words.deliveries.address, cell: (each) => <Address address={each.address} /> },
    { head: words.delivery.webhook, cell: (each) => <Link href={`/webhooks/${each.webhookId}`}>{each.webhookId}</Link> },
  ];
  return (
    <Panel title={words.event.why} lead={words.event.whyLead} isFlush>
      {found.data === undefined ? (
        found.isPending ? (
          <Lines count={2} />
        ) : (
          <div className="panel-body">
            <Failed error={found.error} onRetry={() => void found.refetch()} />
          </div>
        )
      ) : found.data.decisions.length === 0 ? (
        <Empty title={words.event.noDecisions} />
      ) : (
        <div className="list-wrap">
          <Rows name={words.event.why} entries={found.data.decisions} columns={columns} keyOf={(each) => String(each.webhookId)} />
        </div>
      )}
    </Panel>
  );
}
