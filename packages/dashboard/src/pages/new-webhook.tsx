import { Button, Group, Modal, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { FilterTester, SelectionFields, NO_SELECTION, toMembers, type Selection } from "../parts/filter-tester.tsx";
import { ShopFilter, TopicFilter, useShops } from "../parts/filters.tsx";
import { Failed } from "../parts/states.tsx";
import { client } from "../session/client.ts";
import { useOnlyShop } from "../session/session-context.ts";
import { words } from "../words.ts";

/** Subscribes the developer's app to a topic on one of its shops; the filter can be tried before. */
export function NewWebhook({ onClose }: { readonly onClose: () => void }) {
  const onlyShop = useOnlyShop();
  const shops = useShops();
  const [chosenShop, setShop] = useState<string | null>(null);
  // Where there is nothing to choose between, nobody has to.
  const shop = chosenShop ?? onlyShop ?? (shops.length === 1 ? (shops[0] ?? "") : "");
  const [topic, setTopic] = useState("");
  const [address, setAddress] = useState("");
  const [selection, setSelection] = useState<Selection>(NO_SELECTION);
  const [isMissing, setMissing] = useState(false);
  const [, navigate] = useLocation();
  const queries = useQueryClient();
  const says = words.newWebhook;
  const make = useMutation({
    mutationFn: () =>
      client.call("createAppWebhook", { body: { webhook: { shop, topic, address: address.trim(), ...toMembers(selection) } } }),
    onSuccess: async ({ webhook }) => {
      await queries.invalidateQueries({ queryKey: ["listAllWebhooks"] });
      navigate(`/webhooks/${webhook.id}`);
    },
  });
  const isWhole = shop !== "" && topic !== "" && address.trim() !== "";
  return (
    <Modal opened onClose={onClose} title={says.title} size="lg" closeButtonProps={{ "aria-label": words.dialog.close }}>
      <div className="steps">
        <div className="grid halves">
          <ShopFilter placeholder={says.chooseShop} value={shop === "" ? undefined : shop} onChange={(value) => setShop(value ?? "")} />
          <TopicFilter placeholder={says.chooseOne} value={topic === "" ? undefined : topic} onChange={(value) => setTopic(value ?? "")} />
        </div>
        <TextInput
          label={words.deliveries.address}
          description={says.addressHint}
          placeholder="https://"
          value={address}
          onChange={(event) => setAddress(event.currentTarget.value)}
          error={isMissing && !isWhole ? says.missing : null}
        />
        {topic === "" ? (
          <p className="quiet">{says.chooseTopic}</p>
        ) : (
          <>
            <SelectionFields selection={selection} onChange={setSelection} />
            <section className="trial" aria-label={words.webhooks.trial}>
              <h3>{words.webhooks.trial}</h3>
              <FilterTester key={topic} topic={topic} selection={selection} />
            </section>
          </>
        )}
        {make.isError ? <Failed error={make.error} /> : null}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {words.dialog.cancel}
          </Button>
          <Button
            loading={make.isPending}
            onClick={() => {
              setMissing(!isWhole);
              if (isWhole) make.mutate();
            }}
          >
            {says.make}
          </Button>
        </Group>
      </div>
    </Modal>
  );
}
