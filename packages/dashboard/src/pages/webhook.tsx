import { Button, NumberInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Input, PlatformWebhookEntry } from "@genhook/contract/client";
import { useState } from "react";
import { Link } from "wouter";
import { shortId } from "../format.ts";
import { Confirm } from "../parts/confirm.tsx";
import { EntryList } from "../parts/entry-list.tsx";
import { FilterTester, readPaths, SelectionFields, type Selection } from "../parts/filter-tester.tsx";
import { Domain, Fact, Facts, Page, Panel } from "../parts/page.tsx";
import { Failed, Lines } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { client } from "../session/client.ts";
import { useCan, useIsOperator } from "../session/session-context.ts";
import { words } from "../words.ts";
import { AppFact } from "./app-fact.tsx";
import { BlockedKeys } from "./blocked-keys.tsx";
import { deliveryColumns, useAppName } from "./deliveries.tsx";
import { HeldNote } from "./held-note.tsx";
import { OwnActions, OwnAddress } from "./own-webhook.tsx";
import { WebhookStatus } from "./webhooks.tsx";

const LATEST_MAX = 10;
const REFRESH_MS = 5_000;

type Change = (body: Input<"changeWebhook">["body"]) => Promise<void>;

export default function WebhookPage({ id }: { readonly id: string }) {
  const canChange = useCan("edit");
  const isOperator = useIsOperator();
  const queries = useQueryClient();
  const nameOf = useAppName();
  const found = useQuery({
    queryKey: ["webhook", id],
    queryFn: () => client.call("getAnyWebhook", { params: { id } }),
    refetchInterval: REFRESH_MS,
  });
  const parent = { href: "/webhooks", name: words.webhooks.title };
  if (found.data === undefined) {
    return (
      <Page title={words.delivery.webhook} parent={parent}>
        {found.isPending ? <Lines /> : <Failed error={found.error} onRetry={() => void found.refetch()} />}
      </Page>
    );
  }
  const { webhook } = found.data;
  const change: Change = async (body) => {
    queries.setQueryData(["webhook", id], await client.call("changeWebhook", { params: { id }, body }));
    await queries.invalidateQueries({ queryKey: ["listAllWebhooks"] });
  };
  return (
    <Page
      title={webhook.topic}
      parent={parent}
      lead={<span className="mono">{webhook.address}</span>}
      actions={
        canChange ? (
          <>
            <Turn webhook={webhook} change={change} />
            {isOperator ? null : <OwnActions webhook={webhook} />}
          </>
        ) : null
      }
    >
      <About webhook={webhook} />
      {canChange && !isOperator && webhook.shop !== null && webhook.address !== null ? (
        <OwnAddress key={webhook.address} webhook={webhook} />
      ) : null}
      {webhook.ordered === true && webhook.onDead !== "skip" ? (
        <Panel title={words.blockedKeys.title} lead={words.blockedKeys.lead} isFlush>
          <BlockedKeys query={{ webhookId: webhook.id }} />
        </Panel>
      ) : null}
      <Settings key={webhook.updateTime} webhook={webhook} change={change} />
      <Panel
        title={words.webhooks.latest}
        isFlush
        actions={<Link href={`/deliveries?webhookId=${webhook.id}`}>{words.nav.deliveries}</Link>}
      >
        <EntryList
          operation="listDeliveries"
          name={words.webhooks.latest}
          query={{ webhookId: webhook.id }}
          columns={deliveryColumns(nameOf).filter(({ head }) => head !== words.deliveries.address && head !== words.deliveries.app)}
          keyOf={(each) => each.id}
          href={(each) => `/deliveries/${each.id}`}
          empty={{ title: words.webhooks.notYet }}
          refreshMs={REFRESH_MS}
          limit={LATEST_MAX}
          isWhole={false}
        />
      </Panel>
    </Page>
  );
}

/** Pausing, or the end of a pause, suspension or disablement. */
function Turn({ webhook, change }: { readonly webhook: PlatformWebhookEntry; readonly change: Change }) {
  const says = words.webhooks;
  if (webhook.status === "active") {
    return <Confirm label={says.pause} title={says.pauseTitle} lead={says.pauseLead} act={() => change({ status: "paused" })} />;
  }
  return (
    <Confirm
      variant="filled"
      label={says.resume}
      title={says.resumeTitle}
      lead={says.resumeLead}
      act={() => change({ status: "active" })}
    />
  );
}

function About({ webhook }: { readonly webhook: PlatformWebhookEntry }) {
  const { statusReason, held } = webhook;
  return (
    <Panel title={words.delivery.webhook}>
      <HeldNote held={held} />
      <Facts>
        <Fact name={words.webhooks.status}>
          <WebhookStatus webhook={webhook} />
          {statusReason === null ? null : <div className="quiet">{words.webhooks.reasons[statusReason]}</div>}
        </Fact>
        <Fact name={words.deliveries.shop}>{webhook.shop === null ? words.webhooks.ofApp : <Domain name={webhook.shop} />}</Fact>
        <AppFact clientId={webhook.clientId} />
        <Fact name={words.delivery.endpoint}>
          {webhook.endpointId === null ? (
            words.webhooks.pull
          ) : (
            <Link href={`/endpoints/${webhook.endpointId}`} className="mono">
              {shortId(webhook.endpointId)}
            </Link>
          )}
        </Fact>
        <Fact name={words.event.version}>{webhook.apiVersion}</Fact>
        <Fact name={words.webhooks.id}>
          <span className="mono">{webhook.id}</span>
        </Fact>
        {webhook.ordered === true ? <Fact name={words.webhooks.order}>{words.webhooks.ordered[webhook.onDead ?? "block"]}</Fact> : null}
        <Fact name={words.webhooks.declared}>{webhook.declared ? words.apps.yes : words.apps.no}</Fact>
        <Fact name={words.webhooks.created}>
          <Time at={webhook.createTime} />
        </Fact>
      </Facts>
    </Panel>
  );
}

/** Filter, fields and changed, to be tried, and the rate; then saved. */
function Settings({ webhook, change }: { readonly webhook: PlatformWebhookEntry; readonly change: Change }) {
  const canChange = useCan("edit");
  const before: Selection = {
    filter: webhook.filter ?? "",
    fields: (webhook.fields ?? []).join(", "),
    changed: (webhook.changed ?? []).join(", "),
  };
  const [selection, setSelection] = useState(before);
  const rateBefore = webhook.ratePerSecond ?? "";
  const [rate, setRate] = useState<number | string>(rateBefore);
  const patch = toPatch(selection, rate);
  const save = useMutation({ mutationFn: () => change(patch) });
  const isSame = JSON.stringify(patch) === JSON.stringify(toPatch(before, rateBefore));
  return (
    <Panel title={words.webhooks.settings} lead={words.webhooks.settingsLead}>
      <form
        className="steps"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (canChange && !isSame) save.mutate();
        }}
      >
        <SelectionFields selection={selection} onChange={setSelection} />
        {webhook.address === null ? null : (
          <NumberInput
            maw="24rem"
            label={words.webhooks.rate}
            description={words.webhooks.rateHint}
            value={rate}
            onChange={setRate}
            allowNegative={false}
            readOnly={!canChange}
            hideControls
          />
        )}
        {save.isError ? <Failed error={save.error} /> : null}
        {canChange ? (
          <div>
            <Button type="submit" disabled={isSame} loading={save.isPending}>
              {words.webhooks.save}
            </Button>
          </div>
        ) : null}
      </form>
      <section className="trial" aria-label={words.webhooks.trial}>
        <h3>{words.webhooks.trial}</h3>
        <FilterTester topic={webhook.topic} apiVersion={webhook.apiVersion === "202410" ? "202410" : "202412"} selection={selection} />
      </section>
    </Panel>
  );
}

/** What is empty is taken away. */
function toPatch({ filter, fields, changed }: Selection, rate: number | string): Input<"changeWebhook">["body"] {
  const [fieldPaths, changedPaths] = [readPaths(fields), readPaths(changed)];
  return {
    filter: filter.trim() === "" ? null : filter.trim(),
    fields: fieldPaths.length === 0 ? null : fieldPaths,
    changed: changedPaths.length === 0 ? null : changedPaths,
    ratePerSecond: rate === "" ? null : Number(rate),
  };
}
