import { explainAttempt, explainReason, type AttemptEntry, type FullDeliveryEntry } from "@genhook/contract/client";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { formatClock, formatSpan, shortId } from "../format.ts";
import { Confirm } from "../parts/confirm.tsx";
import { Domain, Fact, Facts, Page, Panel } from "../parts/page.tsx";
import { StateMark, toneOfDelivery } from "../parts/state-mark.tsx";
import { Failed, Lines } from "../parts/states.tsx";
import { Age, Time, useNow } from "../parts/time.tsx";
import { client } from "../session/client.ts";
import { useCan } from "../session/session-context.ts";
import { words } from "../words.ts";
import { Attempts } from "./attempts.tsx";
import { AppFact } from "./app-fact.tsx";

const REFRESH_MS = 2_000;
/** Reasons after which a delivery cannot be sent again. */
const FINAL_REASONS: ReadonlySet<string> = new Set(["redacted", "uninstalled", "scope_lost", "available"]);

export default function Delivery({ id }: { readonly id: string }) {
  const canChange = useCan("replay");
  const queries = useQueryClient();
  const found = useQuery({
    queryKey: ["delivery", id],
    queryFn: () => client.call("getDelivery", { params: { id } }),
    refetchInterval: ({ state }) => (state.data?.delivery.state === "pending" ? REFRESH_MS : false),
  });
  const parent = { href: "/deliveries", name: words.deliveries.title };
  if (found.data === undefined) {
    return (
      <Page title={words.delivery.title} parent={parent}>
        {found.isPending ? <Lines /> : <Failed error={found.error} onRetry={() => void found.refetch()} />}
      </Page>
    );
  }
  const { delivery } = found.data;
  const replay = async (): Promise<void> => {
    await client.call("replayDelivery", { params: { id } });
    await queries.invalidateQueries({ queryKey: ["delivery", id] });
  };
  const canReplay = canChange && delivery.state !== "pending" && !(delivery.reason !== null && FINAL_REASONS.has(delivery.reason));
  return (
    <Page
      title={delivery.topic}
      parent={parent}
      lead={<span className="mono">{delivery.id}</span>}
      actions={
        canReplay ? (
          <Confirm
            variant="filled"
            label={words.delivery.replay}
            title={words.delivery.replayTitle}
            lead={words.delivery.replayLead}
            act={replay}
          />
        ) : null
      }
    >
      <Standing delivery={delivery} />
      <About delivery={delivery} />
      <Panel title={words.delivery.attempts} isFlush>
        <Attempts delivery={delivery} />
      </Panel>
    </Page>
  );
}

function About({ delivery }: { readonly delivery: FullDeliveryEntry }) {
  return (
    <Panel title={words.delivery.title}>
      <Facts>
        {delivery.address === "" ? null : (
          <Fact name={words.deliveries.address} isWide>
            <span className="mono">{delivery.address}</span>
          </Fact>
        )}
        <Fact name={words.deliveries.shop}>
          <Domain name={delivery.shop} />
        </Fact>
        <AppFact clientId={delivery.clientId} />
        <Fact name={words.delivery.event}>
          <Link href={`/events/${delivery.eventId}`} className="mono">
            {shortId(delivery.eventId)}
          </Link>
        </Fact>
        <Fact name={words.delivery.webhook}>
          <Link href={`/webhooks/${delivery.webhookId}`}>{delivery.webhookId}</Link>
        </Fact>
        {delivery.endpointId === "" ? null : (
          <Fact name={words.delivery.endpoint}>
            <Link href={`/endpoints/${delivery.endpointId}`} className="mono">
              {shortId(delivery.endpointId)}
            </Link>
          </Fact>
        )}
        {delivery.waitsFor === undefined ? null : (
          <Fact name={words.delivery.waitsFor} isWide>
            <Link href={`/deliveries/${delivery.waitsFor}`} className="mono">
              {delivery.waitsFor}
            </Link>
          </Fact>
        )}
        <Fact name={words.delivery.accepted}>
          <Time at={delivery.createTime} />
        </Fact>
        <Fact name={words.deliveries.updated}>
          <Age at={delivery.updateTime} />
        </Fact>
      </Facts>
    </Panel>
  );
}

/** How it stands, why, and what comes next, in words. */
function Standing({ delivery }: { readonly delivery: FullDeliveryEntry }) {
  const now = useNow(1_000);
  const tone = toneOfDelivery(delivery.state);
  const last = delivery.attempts.findLast(isMade);
  const explained = last === undefined ? null : explainAttempt(last);
  const { reason, state } = delivery;
  return (
    <div className={`panel lead-box ${tone}`} role="status">
      <p>
        <StateMark tone={tone}>
          <strong>
            {words.delivery.stateIs[state]}
            {reason === null ? "" : `: ${explainReason(reason)}`}
          </strong>
        </StateMark>
      </p>
      {state === "delivered" || state === "cancelled" || explained === null ? null : <p>{explained.happened}</p>}
      {state === "delivered" || explained?.advice == null ? null : <p>{explained.advice}</p>}
      <p className="quiet">{whatNext(delivery, now)}</p>
    </div>
  );
}

/** A final row of the log may stand for no request: a cancellation. */
export function isMade(attempt: AttemptEntry): boolean {
  return attempt.status !== undefined || attempt.error !== undefined;
}

function whatNext(delivery: FullDeliveryEntry, now: number): string {
  const says = words.delivery.whatNext;
  const { state, reason, attemptCount, nextAttemptAt } = delivery;
  if (reason === "available") return says.available;
  if (reason === "waiting_for_key") return says.waitsForKey;
  if (state === "delivered") return says.delivered(attemptCount);
  if (state === "dead") return says.dead;
  if (state === "cancelled") return reason !== null && FINAL_REASONS.has(reason) ? says.final : says.cancelled;
  if (nextAttemptAt === null) return says.waits;
  const at = Date.parse(nextAttemptAt);
  return at <= now ? says.due(attemptCount + 1) : says.next(attemptCount + 1, formatSpan(at - now), formatClock(at));
}
