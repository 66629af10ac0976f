import { Button } from "@mantine/core";
import type { AuditEntry } from "@genhook/contract/client";
import { useState } from "react";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { TextFilter, useFilters, Toolbar } from "../parts/filters.tsx";
import { MomentField } from "../parts/moment-field.tsx";
import { shopName } from "../parts/names.tsx";
import { Page } from "../parts/page.tsx";
import { Time } from "../parts/time.tsx";
import { shortId } from "../format.ts";
import { words } from "../words.ts";
import { useAppName } from "./deliveries.tsx";

const REFRESH_MS = 10_000;

export default function Audit() {
  const { filters, set, clear } = useFilters(["actor", "subject", "action", "requestId", "createTimeMin", "createTimeMax"]);
  const [open, setOpen] = useState<number | null>(null);
  const columns: readonly Column<AuditEntry>[] = [
    { head: words.audit.when, phone: "1-start", cell: (each) => <Time at={each.createTime} /> },
    { head: words.audit.action, phone: "1-end", cell: (each) => <span className="mono whole">{each.action}</span> },
    { head: words.audit.what, phone: "2", cell: (each) => <Named text={each.subject} /> },
    { head: words.audit.who, phone: "3-start", cell: (each) => <Named text={each.actor} /> },
    {
      head: words.audit.changes,
      phone: "3-end",
      cell: (each) =>
        each.before === null && each.after === null ? null : (
          <Button
            size="compact-xs"
            variant="default"
            aria-expanded={open === each.id}
            onClick={() => setOpen(open === each.id ? null : each.id)}
          >
            {open === each.id ? words.audit.hide : words.audit.show}
          </Button>
        ),
    },
  ];
  return (
    <Page title={words.audit.title} lead={words.audit.lead}>
      <Toolbar filters={filters} onClear={clear}>
        <TextFilter label={words.filters.actor} value={filters.actor} onChange={(value) => set("actor", value)} placeholder="key …" />
        <TextFilter label={words.filters.subject} value={filters.subject} onChange={(value) => set("subject", value)} placeholder="app …" />
        <TextFilter label={words.filters.action} value={filters.action} onChange={(value) => set("action", value)} placeholder="putApp" />
        <TextFilter label={words.audit.request} value={filters.requestId} onChange={(value) => set("requestId", value)} />
        <MomentField label={words.filters.from} value={filters.createTimeMin} onChange={(value) => set("createTimeMin", value)} />
        <MomentField label={words.filters.to} value={filters.createTimeMax} onChange={(value) => set("createTimeMax", value)} />
      </Toolbar>
      <div className="panel">
        <EntryList
          operation="listAudit"
          name={words.audit.title}
          query={filters}
          columns={columns}
          keyOf={(each) => String(each.id)}
          below={(each) => (open === each.id ? <Changes record={each} /> : null)}
          empty={{ title: words.audit.empty, lead: words.audit.emptyLead }}
          refreshMs={REFRESH_MS}
        />
      </div>
    </Page>
  );
}

const CLIENT_ID = /^[0-9A-F]{32}$/i;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** With apps and shops by name, and long ids by their end: pointed at, it says what stands in the record, which is what the filters go by. */
function Named({ text }: { readonly text: string }) {
  const nameOf = useAppName();
  const named = text.split(" ").map((word) => (CLIENT_ID.test(word) ? nameOf(word) : UUID.test(word) ? shortId(word) : shopName(word)));
  return <span title={text}>{named.join(" ")}</span>;
}

/** Members that differ, before and after. */
function Changes({ record }: { readonly record: AuditEntry }) {
  const { before, after } = record;
  const members = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].filter(
    (member) => textOf(before?.[member]) !== textOf(after?.[member]),
  );
  if (members.length === 0) return <span className="quiet">{words.audit.none}</span>;
  return (
    <table className="change" aria-label={words.audit.changes}>
      <thead>
        <tr>
          <th scope="col">{words.audit.member}</th>
          <th scope="col">{words.audit.before}</th>
          <th scope="col">{words.audit.after}</th>
        </tr>
      </thead>
      <tbody>
        {members.map((member) => (
          <tr key={member}>
            <th scope="row">{member}</th>
            <td className="mono">{textOf(before?.[member])}</td>
            <td className="mono">{textOf(after?.[member])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "–";
  return typeof value === "string" ? value : JSON.stringify(value);
}
