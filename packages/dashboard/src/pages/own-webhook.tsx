import { TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { PlatformWebhookEntry } from "@genhook/contract/client";
import { useState } from "react";
import { useLocation } from "wouter";
import { Confirm } from "../parts/confirm.tsx";
import { OneFieldForm } from "../parts/one-field-form.tsx";
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
  const save = async (): Promise<void> => {
    queries.setQueryData(["webhook", id], await client.call("changeAppWebhook", { params: { id }, body: { address: address.trim() } }));
    await queries.invalidateQueries({ queryKey: ["listAllWebhooks"] });
  };
  return (
    <OneFieldForm
      title={words.deliveries.address}
      lead={says.addressLead}
      label={says.saveAddress}
      isSame={address.trim() === before}
      save={save}
    >
      <TextInput aria-label={words.deliveries.address} value={address} onChange={(event) => setAddress(event.currentTarget.value)} />
    </OneFieldForm>
  );
}
