import { Alert, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { TopicEntry } from "@genhook/contract/client";
import { Link } from "wouter";
import { FilterTester } from "../parts/filter-tester.tsx";
import { SourceView } from "../parts/json-view.tsx";
import { Fact, Facts, Page, Panel } from "../parts/page.tsx";
import { Failed, Lines } from "../parts/states.tsx";
import { client } from "../session/client.ts";
import { words } from "../words.ts";

export default function Topic({ name }: { readonly name: string }) {
  const found = useQuery({ queryKey: ["topics"], queryFn: () => client.call("listTopics") });
  const topic = found.data?.topics.find((each) => each.name === name);
  const parent = { href: "/topics", name: words.topics.title };
  if (topic === undefined) {
    return (
      <Page title={name} parent={parent}>
        {found.isPending ? (
          <Lines />
        ) : found.isError ? (
          <Failed error={found.error} onRetry={() => void found.refetch()} />
        ) : (
          <p>{words.states.missing}</p>
        )}
      </Page>
    );
  }
  return (
    <Page
      title={topic.name}
      lead={topic.description}
      parent={parent}
      actions={<Link href={`/deliveries?topic=${name}`}>{words.nav.deliveries}</Link>}
    >
      {topic.madeByGenhook ? <Alert mb="md">{words.topics.byGenhook}</Alert> : null}
      <Panel title={topic.title}>
        <Facts>
          <Fact name={words.topics.audience}>{words.topics.audiences[topic.audience] ?? topic.audience}</Fact>
          <Fact name={words.topics.scopes}>{topic.scopes.length === 0 ? words.topics.noScopes : topic.scopes.join(", ")}</Fact>
          <Fact name={words.topics.root}>
            <span className="mono">{topic.root}</span>
          </Fact>
          {topic.subjects.length === 0 ? null : (
            <Fact name={words.topics.subjects}>
              <span className="mono">{topic.subjects.join(", ")}</span>
            </Fact>
          )}
        </Facts>
      </Panel>
      <Contents topic={topic} />
    </Page>
  );
}

/** What is sent, what it may look like, and what a filter makes of it. */
function Contents({ topic }: { readonly topic: TopicEntry }) {
  const versions = Object.entries(topic.versions);
  return (
    <div className="panel">
      <div className="panel-body">
        <Tabs defaultValue="sample" keepMounted={false}>
          <Tabs.List mb="md">
            <Tabs.Tab value="sample">{words.topics.sample}</Tabs.Tab>
            <Tabs.Tab value="try">{words.topics.tryFilter}</Tabs.Tab>
            {versions.map(([version]) => (
              <Tabs.Tab key={version} value={version}>
                {words.topics.schema} {version}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          <Tabs.Panel value="sample">
            <SourceView title={words.topics.sample} text={JSON.stringify(topic.sample, null, 2)} />
          </Tabs.Panel>
          <Tabs.Panel value="try">
            <FilterTester topic={topic.name} />
          </Tabs.Panel>
          {versions.map(([version, content]) => (
            <Tabs.Panel key={version} value={version}>
              <SourceView
                title={`${words.topics.schema} ${version}`}
                text={JSON.stringify((content as { readonly schema?: unknown }).schema ?? content, null, 2)}
              />
            </Tabs.Panel>
          ))}
        </Tabs>
      </div>
    </div>
  );
}
