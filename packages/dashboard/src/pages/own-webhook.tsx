import { Button, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { PlatformWebhookEntry } from "@genhook/contract/client";
import { useState } from "react";
import { useLocation } from "wouter";
import { Confirm } from "../parts/confirm.tsx";
import { Panel } from "../parts/page.tsx";
import { Failed } from "../parts/states.tsx";
import { client } from "../session/client.ts";
import { words } from "../words.ts";

interface Own {
  readonly webhook: PlatformWebhookEntry;
}

/** What only the app's developer does to a webhook: have a test sent to it, and end it. */
export function OwnActions({ webhook }: Own) {
  const { id, status, shop } = webhook;
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const says = words.ownWebhook;
  const test = async (): Promise<void> => {
    const { delivery } = await client.call("testAppWebhook", { params: { id } });
    navigate(`/deliveries/${delivery.id}`);
  };
  const remove = async (): Promise<void> => {
    await client.call("deleteAppWebhook", { params: { id } });
    await queries.invalidateQueries({ queryKey: ["listAllWebhooks"] });
    navigate("/webhooks");
  };
  // What the app declares for itself is changed where it is declared.
  if (shop === null) return null;
  return (
    <>
      {status === "active" ? <Confirm label={says.test} title={says.testTitle} lead={says.testLead} act={test} /> : null}
      <Confirm label={says.remove} title={says.removeTitle} lead={says.removeLead} isDangerous variant="subtle" act={remove} />
    </>
  );
}

/** Where it is sent to; a new address counts for what is held and retried too. */
export function OwnAddress({ webhook }: Own) {
  const id = String(webhook.id);
  const before = webhook.address ?? "";
  const [address, setAddress] = useState(before);
  const queries = useQueryClient();
  const says = words.ownWebhook;
  const save = useMutation({
    mutationFn: () => client.call("changeAppWebhook", { params: { id }, body: { address: address.trim() } }),
    onSuccess: async (answer) => {
      queries.setQueryData(["webhook", id], answer);
      await queries.invalidateQueries({ queryKey: ["listAllWebhooks"] });
    },
  });
  return (
    <Panel title={words.deliveries.address} lead={says.addressLead}>
      <form
        className="steps"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <TextInput aria-label={words.deliveries.address} value={address} onChange={(event) => setAddress(event.currentTarget.value)} />
        {save.isError ? <Failed error={save.error} /> : null}
        <div>
          <Button type="submit" variant="default" disabled={address.trim() === before} loading={save.isPending}>
            {says.saveAddress}
          </Button>
        </div>
      </form>
    </Panel>
  );
}
