import { TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { TopicEntry } from "@genhook/contract/client";
import { Rows, type Column } from "../parts/entry-list.tsx";
import { useFilters } from "../parts/filters.tsx";
import { Page } from "../parts/page.tsx";
import { Empty, Failed, Lines } from "../parts/states.tsx";
import { client } from "../session/client.ts";
import { words } from "../words.ts";

const COLUMNS: readonly Column<TopicEntry>[] = [
  { head: words.topics.name, phone: "1-start", cell: (each) => each.name },
  { head: words.topics.describes, phone: "2", cell: (each) => <span className="quiet">{each.description}</span> },
  { head: words.topics.audience, phone: "1-end", cell: (each) => words.topics.audiences[each.audience] ?? each.audience },
  { head: words.topics.scopes, phone: "3", cell: (each) => (each.scopes.length === 0 ? words.topics.noScopes : each.scopes.join(", ")) },
];

export default function Topics() {
  const { filters, set } = useFilters(["search"]);
  const found = useQuery({ queryKey: ["topics"], queryFn: () => client.call("listTopics") });
  const search = (filters.search ?? "").toLowerCase();
  const topics = (found.data?.topics ?? []).filter((topic) =>
    `${topic.name} ${topic.title} ${topic.description}`.toLowerCase().includes(search),
  );
  return (
    <Page title={words.topics.title} lead={words.topics.lead}>
      <div className="toolbar">
        <TextInput
          size="sm"
          label={words.topics.search}
          value={filters.search ?? ""}
          onChange={(event) => set("search", event.currentTarget.value)}
        />
      </div>
      <div className="panel">
        {found.isPending ? (
          <Lines />
        ) : found.isError ? (
          <Failed error={found.error} onRetry={() => void found.refetch()} />
        ) : topics.length === 0 ? (
          <Empty title={words.topics.none} />
        ) : (
          <div className="list-wrap">
            <Rows
              name={words.topics.title}
              entries={topics}
              columns={COLUMNS}
              keyOf={(each) => each.name}
              href={(each) => `/topics/${encodeURIComponent(each.name)}`}
            />
          </div>
        )}
      </div>
    </Page>
  );
}
