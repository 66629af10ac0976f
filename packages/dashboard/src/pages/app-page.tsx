import { useQuery } from "@tanstack/react-query";
import type { AppEntry } from "@genhook/contract/client";
import { Link } from "wouter";
import { Rows } from "../parts/entry-list.tsx";
import { Fact, Facts, Page, Panel } from "../parts/page.tsx";
import { Empty, Failed, Lines } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { client } from "../session/client.ts";
import { words } from "../words.ts";
import { Secrets } from "./secrets.tsx";

export default function AppPage({ clientId }: { readonly clientId: string }) {
  const found = useQuery({ queryKey: ["app", clientId], queryFn: () => client.call("getApp", { params: { clientId } }) });
  const parent = { href: "/apps", name: words.apps.title };
  if (found.data === undefined) {
    return (
      <Page title={words.deliveries.app} parent={parent}>
        {found.isPending ? <Lines /> : <Failed error={found.error} onRetry={() => void found.refetch()} />}
      </Page>
    );
  }
  const { app } = found.data;
  return (
    <Page
      title={app.name}
      lead={<span className="mono">{app.clientId}</span>}
      parent={parent}
      actions={
        <>
          {(["installations", "webhooks", "endpoints", "deliveries", "links"] as const).map((page) => (
            <Link key={page} href={`/${page}?clientId=${app.clientId}`}>
              {words.nav[page]}
            </Link>
          ))}
        </>
      }
    >
      <About app={app} />
      <Secrets app={app} />
      <Declared app={app} />
    </Page>
  );
}

function About({ app }: { readonly app: AppEntry }) {
  const { email, url } = app.contact;
  return (
    <Panel title={words.deliveries.app}>
      <Facts>
        <Fact name={words.apps.version}>{app.apiVersion}</Fact>
        <Fact name={words.apps.listed}>{app.listed ? words.apps.yes : words.apps.no}</Fact>
        <Fact name={words.apps.created}>
          <Time at={app.createTime} />
        </Fact>
        {email === undefined && url === undefined ? null : (
          <Fact name={words.apps.contact}>{[email, url].filter((each) => each !== undefined).join(", ")}</Fact>
        )}
      </Facts>
    </Panel>
  );
}

interface Declaration {
  readonly topic: string;
  readonly address: string;
}

function Declared({ app }: { readonly app: AppEntry }) {
  const { declaration } = app;
  const compliance = Object.entries(app.complianceWebhooks).map(([topic, address]): Declaration => ({ topic, address: String(address) }));
  const all = [...app.webhooks, ...compliance];
  const lead = declaration.installations === 0 ? undefined : words.apps.declaration(declaration.done, declaration.installations);
  return (
    <Panel title={words.apps.declared} lead={lead} isFlush>
      {all.length === 0 ? (
        <Empty title={words.apps.noDeclared} />
      ) : (
        <div className="list-wrap">
          <Rows<Declaration>
            name={words.apps.declared}
            entries={all}
            columns={[
              { head: words.deliveries.topic, cell: (each) => each.topic },
              { head: words.deliveries.address, cell: (each) => <span className="mono">{each.address}</span> },
            ]}
            keyOf={(each) => `${each.topic} ${each.address}`}
          />
        </div>
      )}
    </Panel>
  );
}
