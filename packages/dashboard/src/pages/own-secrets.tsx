import { useQuery } from "@tanstack/react-query";
import { Page } from "../parts/page.tsx";
import { Empty, Failed, Lines } from "../parts/states.tsx";
import { client } from "../session/client.ts";
import { useOnlyShop, useSession } from "../session/session-context.ts";
import { words } from "../words.ts";
import { Secrets } from "./secrets.tsx";

/** The app's secrets, for its developer: they hold for all its shops. */
export default function OwnSecrets() {
  const isNarrowed = useOnlyShop() !== null;
  const { app: own } = useSession();
  const clientId = own?.clientId ?? "";
  const found = useQuery({ queryKey: ["app", clientId], queryFn: () => client.call("getOwnApp"), enabled: !isNarrowed });
  return (
    <Page title={words.secrets.title} lead={<span className="mono">{clientId}</span>}>
      {isNarrowed ? (
        <div className="panel">
          <Empty title={words.secrets.notHere} lead={words.secrets.notHereLead} />
        </div>
      ) : found.data === undefined ? (
        found.isPending ? (
          <Lines />
        ) : (
          <Failed error={found.error} onRetry={() => void found.refetch()} />
        )
      ) : (
        <Secrets app={found.data.app} />
      )}
    </Page>
  );
}
