import { Button, NumberInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Answer } from "@genhook/contract/client";
import { useState } from "react";
import { Panel } from "../parts/page.tsx";
import { Failed } from "../parts/states.tsx";
import { client } from "../session/client.ts";
import { words } from "../words.ts";

/** The operator's own rate, which the app cannot raise. */
export function EndpointRate({ endpoint }: { readonly endpoint: Answer<"getEndpoint">["endpoint"] }) {
  const { id } = endpoint;
  const before = endpoint.ratePerSecond ?? "";
  const [rate, setRate] = useState<number | string>(before);
  const queries = useQueryClient();
  const says = words.endpoints;
  const save = useMutation({
    mutationFn: () => client.call("changeEndpoint", { params: { id }, body: { ratePerSecond: rate === "" ? null : Number(rate) } }),
    onSuccess: (answer) => queries.setQueryData(["endpoint", id], answer),
  });
  return (
    <Panel title={says.rate} lead={says.rateLead}>
      <form
        className="steps"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <NumberInput
          maw="20rem"
          label={says.ownRate}
          description={words.webhooks.rateHint}
          value={rate}
          onChange={setRate}
          allowNegative={false}
          hideControls
        />
        {save.isError ? <Failed error={save.error} /> : null}
        <div>
          <Button type="submit" variant="default" disabled={rate === before} loading={save.isPending}>
            {says.saveRate}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
