import { Alert, Button, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { client } from "../session/client.ts";
import { useIsOperator } from "../session/session-context.ts";
import { words } from "../words.ts";
import { SourceView } from "./json-view.tsx";
import { Failed } from "./states.tsx";

export interface Selection {
  readonly filter: string;
  readonly fields: string;
  readonly changed: string;
}

export interface FilterTesterProps {
  readonly topic: string;
  readonly apiVersion?: "202412" | "202410";
  /** What is tried, where it is entered elsewhere; otherwise it is entered here. */
  readonly selection?: Selection;
}

export const NO_SELECTION: Selection = { filter: "", fields: "", changed: "" };

/** Says whether a filter would let an event pass, and what of it would be sent. */
export function FilterTester({ topic, apiVersion, selection }: FilterTesterProps) {
  const isOperator = useIsOperator();
  const [own, setOwn] = useState(NO_SELECTION);
  const [payload, setPayload] = useState("");
  const [eventChanged, setEventChanged] = useState("");
  const tried = selection ?? own;
  const test = useMutation({
    mutationFn: () =>
      client.call("testFilter", {
        body: {
          topic,
          // An app has one version; operators say which.
          ...(apiVersion === undefined || !isOperator ? {} : { apiVersion }),
          ...(payload.trim() === "" ? {} : { payload: readPayload(payload) }),
          ...(eventChanged.trim() === "" ? {} : { eventChanged: readPaths(eventChanged) }),
          ...toMembers(tried),
        },
      }),
  });
  const result = test.data?.test;
  return (
    <form
      className="steps"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        test.mutate();
      }}
    >
      <p className="quiet">{words.filterTester.lead}</p>
      {selection === undefined ? <SelectionFields selection={own} onChange={setOwn} /> : null}
      <div className="grid halves">
        <TextInput
          label={words.filterTester.eventChanged}
          description={words.filterTester.changedHint}
          value={eventChanged}
          onChange={(event) => setEventChanged(event.currentTarget.value)}
        />
      </div>
      <Textarea
        label={words.filterTester.payload}
        description={words.filterTester.payloadHint}
        value={payload}
        onChange={(event) => setPayload(event.currentTarget.value)}
        rows={4}
      />
      <div>
        <Button type="submit" variant="default" loading={test.isPending}>
          {words.filterTester.test}
        </Button>
      </div>
      {test.isError ? <Failed error={test.error} /> : null}
      {result === undefined ? null : (
        <div role="status" className="steps">
          <Alert color={result.matches ? "green" : "yellow"} title={result.matches ? words.filterTester.matches : words.filterTester.not}>
            {words.event.reasons[result.reason] ?? result.reason}
            {result.detail === null ? null : <p className="mono">{result.detail}</p>}
          </Alert>
          {result.payload === null ? null : <SourceView title={words.filterTester.sent} text={JSON.stringify(result.payload, null, 2)} />}
        </div>
      )}
    </form>
  );
}

interface SelectionFieldsProps {
  readonly selection: Selection;
  readonly onChange: (selection: Selection) => void;
}

/** What a webhook asks of the events of its topic. */
export function SelectionFields({ selection, onChange }: SelectionFieldsProps) {
  const change = (part: Partial<Selection>): void => onChange({ ...selection, ...part });
  return (
    <>
      <TextInput
        label={words.filterTester.filter}
        description={words.filterTester.filterHint}
        value={selection.filter}
        onChange={(event) => change({ filter: event.currentTarget.value })}
        styles={{ input: { fontFamily: "ui-monospace, monospace" } }}
      />
      <div className="grid halves">
        <TextInput
          label={words.filterTester.fields}
          description={words.filterTester.fieldsHint}
          value={selection.fields}
          onChange={(event) => change({ fields: event.currentTarget.value })}
        />
        <TextInput
          label={words.filterTester.changed}
          description={words.filterTester.changedHint}
          value={selection.changed}
          onChange={(event) => change({ changed: event.currentTarget.value })}
        />
      </div>
    </>
  );
}

/** As the wire has it: what is empty is not there. */
export function toMembers({ filter, fields, changed }: Selection): {
  readonly filter?: string;
  readonly fields?: readonly string[];
  readonly changed?: readonly string[];
} {
  return {
    ...(filter.trim() === "" ? {} : { filter: filter.trim() }),
    ...(fields.trim() === "" ? {} : { fields: readPaths(fields) }),
    ...(changed.trim() === "" ? {} : { changed: readPaths(changed) }),
  };
}

export function readPaths(text: string): readonly string[] {
  return text
    .split(",")
    .map((path) => path.trim())
    .filter((path) => path !== "");
}

function readPayload(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    throw new Error(words.filterTester.notJson);
  }
}
