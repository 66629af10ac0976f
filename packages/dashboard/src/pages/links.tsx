import { Alert, Button, Checkbox, Group, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Input, PortalLinkEntry } from "@genhook/contract/client";
import { useState } from "react";
import { formatList } from "../format.ts";
import { Confirm } from "../parts/confirm.tsx";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { AppFilter, ShopFilter, useFilters, Toolbar } from "../parts/filters.tsx";
import { shopName } from "../parts/names.tsx";
import { Page } from "../parts/page.tsx";
import { ShownOnce } from "../parts/shown-once.tsx";
import { StateMark, type Tone } from "../parts/state-mark.tsx";
import { Failed } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { client } from "../session/client.ts";
import { useCanChange } from "../session/session-context.ts";
import { words } from "../words.ts";
import { useAppName } from "./deliveries.tsx";

const TONES: Readonly<Record<PortalLinkEntry["state"], Tone>> = { unopened: "wait", open: "good", ended: "still", revoked: "still" };
const REFRESH_MS = 5_000;
const MINUTES_DEFAULT = 15;
const MINUTES_MAX = 60;

/** Links that let app developers in. */
export default function Links() {
  const canChange = useCanChange();
  const nameOf = useAppName();
  const { filters, set, clear } = useFilters(["clientId"]);
  const [isOpen, setOpen] = useState(false);
  const says = words.links;
  const columns: readonly Column<PortalLinkEntry>[] = [
    { head: words.deliveries.app, cell: (each) => nameOf(each.clientId) },
    { head: words.deliveries.shop, cell: (each) => (each.shop === null ? words.access.allShops : shopName(each.shop)) },
    { head: says.state, cell: (each) => <StateMark tone={TONES[each.state]}>{says.states[each.state]}</StateMark> },
    { head: says.can, cell: (each) => formatList(each.can.map((what) => words.access.can[what])) },
    { head: says.expires, cell: (each) => <Time at={each.expiresAt} /> },
    { head: says.madeBy, cell: (each) => each.madeBy.replace(/^key \S+ /, "") },
    ...(canChange ? [{ head: words.states.actions, cell: (each: PortalLinkEntry) => <Revoke link={each} /> }] : []),
  ];
  return (
    <Page title={says.title} lead={says.lead} actions={canChange ? <Button onClick={() => setOpen(true)}>{says.new}</Button> : null}>
      <Toolbar filters={filters} onClear={clear}>
        <AppFilter value={filters.clientId} onChange={(value) => set("clientId", value)} />
      </Toolbar>
      <div className="panel">
        <EntryList
          operation="listPortalLinks"
          name={says.title}
          query={filters}
          columns={columns}
          keyOf={(each) => each.id}
          empty={{ title: says.empty, lead: says.emptyLead }}
          refreshMs={REFRESH_MS}
        />
      </div>
      {isOpen ? <NewLink onClose={() => setOpen(false)} /> : null}
    </Page>
  );
}

function Revoke({ link }: { readonly link: PortalLinkEntry }) {
  const queries = useQueryClient();
  if (link.state !== "unopened" && link.state !== "open") return null;
  return (
    <Confirm
      size="xs"
      isDangerous
      label={words.links.revoke}
      title={words.links.revokeTitle}
      lead={words.links.revokeLead}
      act={async () => {
        await client.call("revokePortalLink", { params: { id: link.id } });
        await queries.invalidateQueries({ queryKey: ["listPortalLinks"] });
      }}
    />
  );
}

type Extra = "replay" | "edit";
const EXTRAS: readonly Extra[] = ["replay", "edit"];

function NewLink({ onClose }: { readonly onClose: () => void }) {
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: (body: Input<"createPortalLink">["body"]) => client.call("createPortalLink", { body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["listPortalLinks"] }),
  });
  const made = make.data;
  return (
    <Modal
      opened
      onClose={onClose}
      title={words.links.newTitle}
      closeOnClickOutside={made === undefined}
      closeButtonProps={{ "aria-label": words.dialog.close }}
    >
      {made === undefined ? (
        <Choice isPending={make.isPending} error={make.error} onChosen={make.mutate} onClose={onClose} />
      ) : (
        <ShownOnce name={words.links.title} lead={words.links.shownOnce} text={made.url} onCopied={onClose} />
      )}
    </Modal>
  );
}

interface ChoiceProps {
  readonly isPending: boolean;
  readonly error: Error | null;
  readonly onChosen: (body: Input<"createPortalLink">["body"]) => void;
  readonly onClose: () => void;
}

/** Whose, on which shop, to do what, and for how long. */
function Choice({ isPending, error, onChosen, onClose }: ChoiceProps) {
  const [clientId, setClientId] = useState("");
  const [shop, setShop] = useState("");
  const [extras, setExtras] = useState<readonly Extra[]>(["replay"]);
  const [minutes, setMinutes] = useState(String(MINUTES_DEFAULT));
  const [isMissing, setMissing] = useState(false);
  const says = words.links;
  return (
    <form
      className="steps"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setMissing(clientId === "");
        if (clientId !== "") onChosen({ clientId, ...(shop === "" ? {} : { shop }), can: ["read", ...extras], minutes: Number(minutes) });
      }}
    >
      <AppFilter
        placeholder={says.chooseApp}
        value={clientId === "" ? undefined : clientId}
        onChange={(value) => setClientId(value ?? "")}
      />
      {isMissing && clientId === "" ? <Alert color="red">{says.appMissing}</Alert> : null}
      <ShopFilter placeholder={words.access.allShops} value={shop === "" ? undefined : shop} onChange={(value) => setShop(value ?? "")} />
      <Checkbox.Group label={says.can} value={[...extras]} onChange={(values) => setExtras(EXTRAS.filter((each) => values.includes(each)))}>
        <div className="steps">
          {EXTRAS.map((each) => (
            <Checkbox key={each} value={each} label={formatList([words.access.can[each]])} />
          ))}
        </div>
      </Checkbox.Group>
      <TextInput
        type="number"
        min={1}
        max={MINUTES_MAX}
        label={says.minutes}
        value={minutes}
        onChange={(event) => setMinutes(event.currentTarget.value)}
      />
      {error === null ? null : <Failed error={error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          {words.dialog.cancel}
        </Button>
        <Button type="submit" loading={isPending}>
          {says.make}
        </Button>
      </Group>
    </form>
  );
}
