import { Button, Group, Modal, Select, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { KeyEntry } from "@genhook/contract/client";
import { useState } from "react";
import { Confirm } from "../parts/confirm.tsx";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { Page } from "../parts/page.tsx";
import { ShownOnce } from "../parts/shown-once.tsx";
import { StateMark } from "../parts/state-mark.tsx";
import { Empty, Failed } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { client } from "../session/client.ts";
import { useCanChange } from "../session/session-context.ts";
import { words } from "../words.ts";

type Role = KeyEntry["role"];
const ROLES: readonly Role[] = ["read", "publish", "admin"];

export default function Keys() {
  const canChange = useCanChange();
  const [isOpen, setOpen] = useState(false);
  const queries = useQueryClient();
  if (!canChange) {
    return (
      <Page title={words.keys.title} lead={words.keys.lead}>
        <div className="panel">
          <Empty title={words.keys.adminOnly} lead={words.keys.adminOnlyLead} />
        </div>
      </Page>
    );
  }
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ["listKeys"] });
  const columns: readonly Column<KeyEntry>[] = [
    { head: words.keys.name, cell: (each) => each.name },
    { head: words.keys.role, cell: (each) => words.keys.roles[each.role] },
    {
      head: words.keys.state,
      cell: (each) => (
        <StateMark tone={each.revokedTime === null ? "good" : "still"}>
          {each.revokedTime === null ? words.keys.inForce : words.keys.revoked}
        </StateMark>
      ),
    },
    { head: words.keys.created, cell: (each) => <Time at={each.createTime} /> },
    { head: words.states.actions, cell: (each) => (each.revokedTime === null ? <Revoke entry={each} refresh={refresh} /> : null) },
  ];
  return (
    <Page title={words.keys.title} lead={words.keys.lead} actions={<Button onClick={() => setOpen(true)}>{words.keys.new}</Button>}>
      <div className="panel">
        <EntryList
          operation="listKeys"
          name={words.keys.title}
          columns={columns}
          keyOf={(each) => each.id}
          empty={{ title: words.keys.empty }}
        />
      </div>
      {isOpen ? <NewKey refresh={refresh} onClose={() => setOpen(false)} /> : null}
    </Page>
  );
}

function Revoke({ entry, refresh }: { readonly entry: KeyEntry; readonly refresh: () => Promise<void> }) {
  return (
    <Confirm
      size="xs"
      isDangerous
      label={words.keys.revoke}
      title={words.keys.revokeTitle(entry.name)}
      lead={words.keys.revokeLead}
      act={async () => {
        await client.call("revokeKey", { params: { id: entry.id } });
        await refresh();
      }}
    />
  );
}

function NewKey({ refresh, onClose }: { readonly refresh: () => Promise<void>; readonly onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("read");
  const [isMissing, setMissing] = useState(false);
  const make = useMutation({ mutationFn: () => client.call("createKey", { body: { name: name.trim(), role } }), onSuccess: refresh });
  const made = make.data?.key.key;
  return (
    <Modal
      opened
      onClose={onClose}
      title={words.keys.newTitle}
      closeOnClickOutside={made === undefined}
      closeButtonProps={{ "aria-label": words.dialog.close }}
    >
      {made === undefined ? (
        <form
          noValidate
          className="steps"
          onSubmit={(event) => {
            event.preventDefault();
            setMissing(name.trim() === "");
            if (name.trim() !== "") make.mutate();
          }}
        >
          <TextInput
            label={words.keys.name}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={isMissing ? words.keys.nameMissing : null}
            data-autofocus
          />
          <Select
            label={words.keys.role}
            value={role}
            onChange={(value) => setRole(ROLES.find((each) => each === value) ?? "read")}
            data={ROLES.map((each) => ({ value: each, label: `${words.keys.roles[each]}: ${words.keys.rolesMean[each]}` }))}
            allowDeselect={false}
          />
          {make.isError ? <Failed error={make.error} /> : null}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {words.dialog.cancel}
            </Button>
            <Button type="submit" loading={make.isPending}>
              {words.keys.make}
            </Button>
          </Group>
        </form>
      ) : (
        <ShownOnce name={words.keys.title} lead={words.keys.shownOnce} text={made} onCopied={onClose} />
      )}
    </Modal>
  );
}
