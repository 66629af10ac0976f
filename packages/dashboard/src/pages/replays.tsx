import { Button, Group, Progress } from "@mantine/core";
import type { Entry } from "@genhook/contract/client";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { formatCount, formatMoment } from "../format.ts";
import { Confirm } from "../parts/confirm.tsx";
import { EntryList, type Column } from "../parts/entry-list.tsx";
import { Page } from "../parts/page.tsx";
import { StateMark, type Tone } from "../parts/state-mark.tsx";
import { Time } from "../parts/time.tsx";
import { client } from "../session/client.ts";
import { useCan } from "../session/session-context.ts";
import { words } from "../words.ts";
import { useAppName } from "./deliveries.tsx";
import { NewReplay } from "./new-replay.tsx";

export type Replay = Entry<"listReplays">;

const TONES: Readonly<Record<Replay["state"], Tone>> = { running: "wait", paused: "warn", done: "good", cancelled: "still" };
const REFRESH_MS = 1_500;

export default function Replays() {
  const canChange = useCan("replay");
  const nameOf = useAppName();
  const [isOpen, setOpen] = useState(false);
  const columns: readonly Column<Replay>[] = [
    { head: words.replays.filter, cell: (each) => <Filter replay={each} nameOf={nameOf} /> },
    {
      head: words.replays.state,
      cell: (each) => (
        <>
          <StateMark tone={TONES[each.state]}>{words.replays.states[each.state]}</StateMark>
          {each.dryRun ? <span className="tag">{words.replays.dryRun}</span> : null}
        </>
      ),
    },
    { head: words.replays.progress, cell: (each) => <Bar replay={each} /> },
    { head: words.replays.rate, cell: (each) => <span className="nowrap">{words.replays.perSecond(each.ratePerSecond)}</span> },
    { head: words.replays.created, cell: (each) => <Time at={each.createTime} /> },
    { head: words.replays.madeBy, isForOperators: true, cell: (each) => each.madeBy.replace(/^key \S+ /, "") },
    ...(canChange ? [{ head: words.states.actions, cell: (each: Replay) => <Steps replay={each} /> }] : []),
  ];
  return (
    <Page
      title={words.replays.title}
      lead={words.replays.lead}
      actions={canChange ? <Button onClick={() => setOpen(true)}>{words.replays.new}</Button> : null}
    >
      <div className="panel">
        <EntryList
          operation="listReplays"
          name={words.replays.title}
          columns={columns}
          keyOf={(each) => each.id}
          empty={{ title: words.replays.empty, lead: words.replays.emptyLead }}
          refreshMs={REFRESH_MS}
        />
      </div>
      {isOpen ? <NewReplay onClose={() => setOpen(false)} /> : null}
    </Page>
  );
}

function Filter({ replay, nameOf }: { readonly replay: Replay; readonly nameOf: (clientId: string) => string }) {
  const { state = "dead", clientId, createTimeMin, createTimeMax, ...rest } = replay.filter;
  const parts = [
    words.delivery.stateIs[state],
    ...(clientId === undefined ? [] : [nameOf(clientId)]),
    ...Object.values(rest).map(String),
    ...(createTimeMin === undefined ? [] : [`${words.filters.from} ${formatMoment(Date.parse(createTimeMin))}`]),
    ...(createTimeMax === undefined ? [] : [`${words.filters.to} ${formatMoment(Date.parse(createTimeMax))}`]),
  ];
  return <>{parts.join(" · ")}</>;
}

function Bar({ replay }: { readonly replay: Replay }) {
  const { done, matched, counted, reopened, dryRun } = replay;
  if (dryRun) return <>{words.replays.counted(formatCount(matched))}</>;
  const share = matched === 0 ? (replay.state === "done" ? 100 : 0) : (done / matched) * 100;
  return (
    <div className="bar">
      <Progress value={share} aria-label={words.replays.progress} />
      <div className="quiet">
        {words.replays.of(formatCount(done), formatCount(matched), counted)}, {words.replays.reopened(formatCount(reopened))}
      </div>
      {done > reopened ? <div className="quiet">{words.replays.skipped(formatCount(done - reopened))}</div> : null}
    </div>
  );
}

function Steps({ replay }: { readonly replay: Replay }) {
  const queries = useQueryClient();
  const { id, state } = replay;
  const refresh = (): Promise<void> => queries.invalidateQueries({ queryKey: ["listReplays"] });
  const turn = useMutation({
    mutationFn: () => client.call(state === "paused" ? "resumeReplay" : "pauseReplay", { params: { id } }),
    onSettled: refresh,
  });
  if (state !== "running" && state !== "paused") return null;
  return (
    <Group gap={8} wrap="nowrap">
      <Button size="xs" variant="default" loading={turn.isPending} onClick={() => turn.mutate()}>
        {state === "paused" ? words.replays.resume : words.replays.pause}
      </Button>
      <Confirm
        size="xs"
        variant="subtle"
        isDangerous
        label={words.replays.cancel}
        title={words.replays.cancelTitle}
        lead={words.replays.cancelLead}
        act={async () => {
          await client.call("cancelReplay", { params: { id } });
          await refresh();
        }}
      />
    </Group>
  );
}
