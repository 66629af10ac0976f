import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Answer } from "@genhook/contract/client";
import type { ReactNode } from "react";
import { Link } from "wouter";
import { formatCount } from "../format.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Fact, Facts, Page, Panel } from "../parts/page.tsx";
import { StateMark } from "../parts/state-mark.tsx";
import { Failed, Lines } from "../parts/states.tsx";
import { Age, Time } from "../parts/time.tsx";
import { client } from "../session/client.ts";
import { useCan, useIsOperator, useOnlyShop } from "../session/session-context.ts";
import { words } from "../words.ts";
import { AppFact } from "./app-fact.tsx";
import { EndpointRate } from "./endpoint-rate.tsx";
import { lastFailureOf, standingOf } from "./endpoints.tsx";
import { HeldNote } from "./held-note.tsx";

type Details = Answer<"getEndpoint">["endpoint"];

const REFRESH_MS = 3_000;

export default function Endpoint({ id }: { readonly id: string }) {
  const [canReplay, canEdit] = [useCan("replay"), useCan("edit")];
  const isWhole = useOnlyShop() === null;
  const isOperator = useIsOperator();
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["endpoint", id],
    queryFn: () => client.call("getEndpoint", { params: { id } }),
    refetchInterval: REFRESH_MS,
  });
  const parent = { href: "/endpoints", name: words.endpoints.title };
  if (found.data === undefined) {
    return (
      <Page title={words.delivery.endpoint} parent={parent}>
        {found.isPending ? <Lines /> : <Failed error={found.error} onRetry={() => void found.refetch()} />}
      </Page>
    );
  }
  const { endpoint } = found.data;
  const says = words.endpoints;
  const act = (operation: "probeEndpoint" | "resumeEndpoint") => async (): Promise<void> => {
    queries.setQueryData(["endpoint", id], await client.call(operation, { params: { id } }));
  };
  return (
    <Page
      title={endpoint.host}
      parent={parent}
      lead={<span className="mono">{endpoint.address}</span>}
      actions={
        <>
          {(canReplay || canEdit) && endpoint.breaker === "open" ? (
            <Confirm label={says.probe} title={says.probeTitle} lead={says.probeLead} act={act("probeEndpoint")} />
          ) : null}
          {canEdit && isWhole && endpoint.webhooks.suspended > 0 ? (
            <Confirm variant="filled" label={says.resume} title={says.resumeTitle} lead={says.resumeLead} act={act("resumeEndpoint")} />
          ) : null}
          <Link href={`/webhooks?endpointId=${endpoint.id}`}>{says.itsWebhooks}</Link>
          <Link href={`/deliveries?endpointId=${endpoint.id}`}>{says.deliveries}</Link>
        </>
      }
    >
      <Health endpoint={endpoint} />
      {canEdit && isOperator ? <EndpointRate key={endpoint.ratePerSecond} endpoint={endpoint} /> : null}
    </Page>
  );
}

function Health({ endpoint }: { readonly endpoint: Details }) {
  const [tone, standing] = standingOf(endpoint);
  const says = words.endpoints;
  const { held, backlog, warnedPercent, concurrency, ratePerSecond, effectiveRatePerSecond: rate } = endpoint;
  return (
    <>
      <Panel title={words.delivery.endpoint}>
        <HeldNote held={held} />
        <Facts>
          <Fact name={says.state}>
            <StateMark tone={tone}>{standing}</StateMark>
          </Fact>
          <AppFact clientId={endpoint.clientId} />
          <Fact name={says.backlog}>{says.count(formatCount(backlog.pending), backlog.more)}</Fact>
          <Moment name={says.oldest} at={backlog.oldestPendingAt} />
          <Fact name={says.breaker}>{says.breakers[endpoint.breaker]}</Fact>
          <Fact name={says.concurrency}>
            {concurrency === null ? says.unknown : formatCount(concurrency)}
            <div className="quiet">{says.concurrencyNote}</div>
          </Fact>
          <Fact name={says.rate}>
            {rate === null ? says.noRate : rate.toLocaleString("en")}
            {rate === null ? null : <div className="quiet">{says.rateNotes[rate === ratePerSecond ? "operator" : "webhooks"]}</div>}
          </Fact>
          <Moment name={says.nextProbe} at={endpoint.nextProbeAt} />
          <Moment name={says.pausedUntil} at={endpoint.pausedUntil} />
        </Facts>
      </Panel>
      <Panel title={says.lastFailure} lead={warnedPercent > 0 ? says.warned(warnedPercent) : undefined}>
        <Facts>
          <Fact name={says.lastSuccess}>
            <Time at={endpoint.lastSuccessAt} />
          </Fact>
          <Fact name={says.lastFailure}>
            <Time at={endpoint.lastFailureAt} />
            <div className="quiet">{lastFailureOf(endpoint)}</div>
          </Fact>
          {endpoint.failingSince === null ? null : (
            <>
              <Moment name={says.failingSince} at={endpoint.failingSince} />
              <Fact name={says.failedAttempts}>{formatCount(endpoint.failedAttempts)}</Fact>
              <Moment name={says.suspendsAt} at={endpoint.suspendsAt} />
            </>
          )}
        </Facts>
      </Panel>
    </>
  );
}

function Moment({ name, at }: { readonly name: string; readonly at: string | null }): ReactNode {
  return at === null ? null : (
    <Fact name={name}>
      <Age at={at} />
    </Fact>
  );
}
