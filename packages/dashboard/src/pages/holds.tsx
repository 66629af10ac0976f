import { Button, Group, Modal, Select, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { HoldEntry } from "@genhook/contract/client";
import { useState } from "react";
import { Confirm } from "../parts/confirm.tsx";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { MomentField } from "../parts/moment-field.tsx";
import { Page } from "../parts/page.tsx";
import { Failed } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { client } from "../session/client.ts";
import { useCanChange } from "../session/session-context.ts";
import { words } from "../words.ts";

type Scope = HoldEntry["scope"];
const SCOPES: readonly Scope[] = ["shop", "app", "host", "topic", "all"];
const REFRESH_MS = 5_000;

export default function Holds() {
  const canChange = useCanChange();
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ["listHolds"] });
  const columns: readonly Column<HoldEntry>[] = [
    { head: words.holds.scope, cell: (each) => words.holds.scopes[each.scope] },
    { head: words.holds.subject, cell: (each) => each.subject },
    { head: words.holds.reason, cell: (each) => each.reason },
    { head: words.holds.made, cell: (each) => <Time at={each.createTime} /> },
    {
      head: words.holds.endsAt,
      cell: (each) => (each.endsAt === null ? <span className="quiet">{words.holds.untilReleased}</span> : <Time at={each.endsAt} />),
    },
    { head: words.holds.madeBy, cell: (each) => each.madeBy.replace(/^key \S+ /, "") },
    ...(canChange ? [{ head: words.states.actions, cell: (each: HoldEntry) => <Release id={each.id} refresh={refresh} /> }] : []),
  ];
  return (
    <Page
      title={words.holds.title}
      lead={words.holds.lead}
      actions={canChange ? <Button onClick={() => setOpen(true)}>{words.holds.new}</Button> : null}
    >
      <div className="panel">
        <EntryList
          operation="listHolds"
          name={words.holds.title}
          columns={columns}
          keyOf={(each) => each.id}
          empty={{ title: words.holds.empty, lead: words.holds.emptyLead }}
          refreshMs={REFRESH_MS}
        />
      </div>
      {isOpen ? <NewHold refresh={refresh} onClose={() => setOpen(false)} /> : null}
    </Page>
  );
}

function Release({ id, refresh }: { readonly id: string; readonly refresh: () => Promise<void> }) {
  return (
    <Confirm
      size="xs"
      label={words.holds.release}
      title={words.holds.releaseTitle}
      lead={words.holds.releaseLead}
      act={async () => {
        await client.call("releaseHold", { params: { id } });
        await refresh();
      }}
    />
  );
}

function NewHold({ refresh, onClose }: { readonly refresh: () => Promise<void>; readonly onClose: () => void }) {
  const [scope, setScope] = useState<Scope>("shop");
  const [subject, setSubject] = useState("");
  const [reason, setReason] = useState("");
  const [endsAt, setEndsAt] = useState<string | null>(null);
  const make = useMutation({
    mutationFn: () =>
      client.call("createHold", {
        body: {
          scope,
          reason: reason.trim(),
          ...(scope === "all" ? {} : { subject: subject.trim() }),
          ...(endsAt === null ? {} : { endsAt }),
        },
      }),
    onSuccess: async () => {
      await refresh();
      onClose();
    },
  });
  const isIncomplete = reason.trim() === "" || (scope !== "all" && subject.trim() === "");
  return (
    <Modal opened onClose={onClose} title={words.holds.newTitle} closeButtonProps={{ "aria-label": words.dialog.close }}>
      <form
        noValidate
        className="steps"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isIncomplete) make.mutate();
        }}
      >
        <Select
          label={words.holds.scope}
          value={scope}
          onChange={(value) => setScope(SCOPES.find((each) => each === value) ?? "shop")}
          data={SCOPES.map((each) => ({ value: each, label: words.holds.scopes[each] }))}
          allowDeselect={false}
        />
        {scope === "all" ? null : (
          <TextInput
            label={words.holds.subjects[scope]}
            value={subject}
            onChange={(event) => setSubject(event.currentTarget.value)}
            required
          />
        )}
        <TextInput
          label={words.holds.reason}
          description={words.holds.reasonHint}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          required
        />
        <MomentField label={words.holds.endsAt} value={endsAt ?? undefined} onChange={setEndsAt} />
        {make.isError ? <Failed error={make.error} /> : null}
        <Buttons onClose={onClose} isIncomplete={isIncomplete} isPending={make.isPending} />
      </form>
    </Modal>
  );
}

interface ButtonsProps {
  readonly onClose: () => void;
  readonly isIncomplete: boolean;
  readonly isPending: boolean;
}

function Buttons({ onClose, isIncomplete, isPending }: ButtonsProps) {
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onClose}>
        {words.dialog.cancel}
      </Button>
      <Button type="submit" disabled={isIncomplete} loading={isPending}>
        {words.holds.make}
      </Button>
    </Group>
  );
}
