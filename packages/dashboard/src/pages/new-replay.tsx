import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { formatCount } from "../format.ts";
import { AppFilter, ChoiceFilter, ShopFilter, TextFilter, TopicFilter } from "../parts/filters.tsx";
import { MomentField } from "../parts/moment-field.tsx";
import { Failed } from "../parts/states.tsx";
import { client } from "../session/client.ts";
import { words } from "../words.ts";

type Text = "state" | "shop" | "clientId" | "topic" | "webhookId" | "createTimeMin" | "createTimeMax";
type Filter = Partial<Record<Text, string>>;
type Final = "dead" | "cancelled" | "delivered";

const FINAL: readonly Final[] = ["dead", "cancelled", "delivered"];
const RATE_DEFAULT = 50;
const COUNT_EVERY_MS = 300;

/** Choose, count, then send: what is counted is what is sent, as long as the choice stays the same. */
export function NewReplay({ onClose }: { readonly onClose: () => void }) {
  const [filter, setFilter] = useState<Filter>({ state: "dead" });
  const [rate, setRate] = useState(String(RATE_DEFAULT));
  const [counting, setCounting] = useState<string | null>(null);
  const queries = useQueryClient();
  const set = (name: Text) => (value: string | null) => {
    const { [name]: _, ...rest } = filter;
    setFilter(value === null || value === "" ? rest : { ...rest, [name]: value });
    setCounting(null);
  };
  const body = { filter: toWire(filter), ratePerSecond: Number(rate) };
  const begin = useMutation({
    mutationFn: () => client.call("createReplay", { body: { ...body, dryRun: true } }),
    onSuccess: ({ replay }) => setCounting(replay.id),
  });
  const counted = useCount(counting);
  const send = useMutation({
    mutationFn: () => client.call("createReplay", { body }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["listReplays"] });
      onClose();
    },
  });
  const error = begin.error ?? send.error;
  return (
    <Modal opened onClose={onClose} title={words.replays.newTitle} size="lg" closeButtonProps={{ "aria-label": words.dialog.close }}>
      <div className="toolbar">
        <Choice filter={filter} set={set} />
        <TextInput
          size="sm"
          type="number"
          min={1}
          max={1_000}
          label={words.replays.ratePerSecond}
          value={rate}
          onChange={(event) => setRate(event.currentTarget.value)}
        />
      </div>
      {error === null ? null : <Failed error={error} />}
      <p role="status">
        {counted === null
          ? words.replays.dryRunHint
          : counted === 0
            ? words.replays.countedNone
            : words.replays.counted(formatCount(counted))}
      </p>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          {words.dialog.cancel}
        </Button>
        {counted === null || counted === 0 ? (
          <Button loading={begin.isPending || (counting !== null && counted === null)} onClick={() => begin.mutate()}>
            {words.replays.count}
          </Button>
        ) : (
          <Button loading={send.isPending} onClick={() => send.mutate()}>
            {words.replays.start(formatCount(counted))}
          </Button>
        )}
      </Group>
    </Modal>
  );
}

interface ChoiceProps {
  readonly filter: Filter;
  readonly set: (name: Text) => (value: string | null) => void;
}

function Choice({ filter, set }: ChoiceProps) {
  return (
    <>
      <ChoiceFilter
        label={words.filters.state}
        value={filter.state}
        onChange={set("state")}
        choices={FINAL.map((state) => ({ value: state, label: words.delivery.stateIs[state] }))}
      />
      <ShopFilter value={filter.shop} onChange={set("shop")} />
      <AppFilter value={filter.clientId} onChange={set("clientId")} />
      <TopicFilter value={filter.topic} onChange={set("topic")} />
      <TextFilter label={words.filters.webhook} value={filter.webhookId} onChange={set("webhookId")} />
      <MomentField label={words.filters.from} value={filter.createTimeMin} onChange={set("createTimeMin")} />
      <MomentField label={words.filters.to} value={filter.createTimeMax} onChange={set("createTimeMax")} />
    </>
  );
}

/** How many fit, once a dry run has counted them all; null until then. */
function useCount(id: string | null): number | null {
  const dryRun = useQuery({
    queryKey: ["replay", id],
    queryFn: () => client.call("getReplay", { params: { id: id ?? "" } }),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data?.replay.state === "running" ? COUNT_EVERY_MS : false),
  });
  const replay = id === null ? undefined : dryRun.data?.replay;
  return replay !== undefined && replay.state !== "running" ? replay.matched : null;
}

function toWire({ state, ...rest }: Filter): Omit<Filter, "state"> & { readonly state?: Final } {
  const final = FINAL.find((each) => each === state);
  return { ...rest, ...(final === undefined ? {} : { state: final }) };
}
