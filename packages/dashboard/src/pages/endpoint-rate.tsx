import { NumberInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { Answer } from "@genhook/contract/client";
import { useState } from "react";
import { OneFieldForm } from "../parts/one-field-form.tsx";
import { client } from "../session/client.ts";
import { words } from "../words.ts";

/** The operator's own rate, which the app cannot raise. */
export function EndpointRate({ endpoint }: { readonly endpoint: Answer<"getEndpoint">["endpoint"] }) {
  const { id } = endpoint;
  const before = endpoint.ratePerSecond ?? "";
  const [rate, setRate] = useState<number | string>(before);
  const queries = useQueryClient();
  const says = words.endpoints;
  const save = async (): Promise<void> => {
    const body = { ratePerSecond: rate === "" ? null : Number(rate) };
    queries.setQueryData(["endpoint", id], await client.call("changeEndpoint", { params: { id }, body }));
  };
  return (
    <OneFieldForm title={says.rate} lead={says.rateLead} label={says.saveRate} isSame={rate === before} save={save}>
      <NumberInput
        maw="24rem"
        label={says.ownRate}
        description={words.webhooks.rateHint}
        value={rate}
        onChange={setRate}
        allowNegative={false}
        hideControls
      />
    </OneFieldForm>
  );
}
