import { explainAttempt, type AttemptEntry, type FullDeliveryEntry } from "@genhook/contract/client";
import { useQuery } from "@tanstack/react-query";
import { Fragment, useState } from "react";
import { formatPrecise, formatSpan } from "../format.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { Icon } from "../parts/icons.tsx";
import { SourceView } from "../parts/json-view.tsx";
import { Fact, Facts } from "../parts/page.tsx";
import { StateMark } from "../parts/state-mark.tsx";
import { Empty } from "../parts/states.tsx";
import { Time } from "../parts/time.tsx";
import { client } from "../session/client.ts";
import { useIsOperator } from "../session/session-context.ts";
import { words } from "../words.ts";
import { curlOf } from "./curl.ts";

/** All attempts, newest first; the newest is open to begin with. */
export function Attempts({ delivery }: { readonly delivery: FullDeliveryEntry }) {
  const { attempts } = delivery;
  if (attempts.length === 0) {
    return <Empty title={delivery.reason === "available" ? words.delivery.noAttemptsInPull : words.delivery.noAttempts} />;
  }
  const newest = attempts.length - 1;
  return (
    <ol className="timeline" reversed>
      {attempts
        .map((attempt, index) => ({ attempt, index, before: attempts[index - 1] }))
        .reverse()
        .map(({ attempt, index, before }, place, all) => (
          <Fragment key={`${attempt.round} ${attempt.n} ${index}`}>
            {delivery.round > 1 && all[place - 1]?.attempt.round !== attempt.round ? (
              <li className="round">{words.delivery.round(attempt.round)}</li>
            ) : null}
            <Attempt attempt={attempt} before={before} delivery={delivery} isOpenFirst={index === newest} />
          </Fragment>
        ))}
    </ol>
  );
}

interface AttemptProps {
  readonly attempt: AttemptEntry;
  readonly before: AttemptEntry | undefined;
  readonly delivery: FullDeliveryEntry;
  readonly isOpenFirst: boolean;
}

function Attempt({ attempt, before, delivery, isOpenFirst }: AttemptProps) {
  const [isOpen, setOpen] = useState(isOpenFirst);
  const isGood = attempt.status !== undefined && attempt.status >= 200 && attempt.status <= 299;
  const { happened, advice } = explainAttempt(attempt);
  const isCancellation = attempt.status === undefined && attempt.error === undefined;
  return (
    <li>
      <button type="button" className="attempt-head" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <StateMark tone={isCancellation ? "still" : isGood ? "good" : "bad"}>{""}</StateMark>
        <span className="when nowrap">{words.delivery.attempt(attempt.n)}</span>
        <span className="says">
          {isCancellation ? words.delivery.stateIs.cancelled : happened}
          {isGood || advice === null ? null : <span className="advice"> {advice}</span>}
        </span>
        <time dateTime={attempt.at} title={attempt.at} className="quiet nowrap">
          {formatPrecise(Date.parse(attempt.at))}
        </time>
        <span className="chevron">
          <Icon name="chevron" size={14} />
        </span>
      </button>
      {isOpen ? <AttemptBody attempt={attempt} before={before} delivery={delivery} /> : null}
    </li>
  );
}

function AttemptBody({ attempt, before, delivery }: Omit<AttemptProps, "isOpenFirst">) {
  const isSame =
    before !== undefined && attempt.responseBody !== null && attempt.responseBody !== "" && before.responseBody === attempt.responseBody;
  return (
    <div className="attempt-body">
      <Facts>
        <Fact name={words.delivery.at}>
          <Time at={attempt.at} />
        </Fact>
        <Fact name={words.delivery.took}>{formatSpan(attempt.durationMs)}</Fact>
        {attempt.detail === undefined ? null : (
          <Fact name={words.delivery.detail} isWide>
            {attempt.detail}
          </Fact>
        )}
        {attempt.address === delivery.address ? null : (
          <Fact name={words.delivery.sentTo} isWide>
            <span className="mono">{attempt.address}</span>
          </Fact>
        )}
      </Facts>
      {attempt.responseHeaders === null && attempt.responseBody === null ? (
        <p className="quiet">{attempt.status === undefined ? words.delivery.noResponse : words.delivery.notKept}</p>
      ) : (
        <>
          {isSame ? <p className="quiet">{words.delivery.sameBody}</p> : null}
          {attempt.responseBody === null ? null : (
            <SourceView title={`${words.delivery.response}: ${words.delivery.body}`} text={attempt.responseBody} />
          )}
          <Headers
            title={`${words.delivery.response}: ${words.delivery.headers}`}
            headers={attempt.responseHeaders}
            before={before?.responseHeaders}
          />
        </>
      )}
      {attempt.requestHeaders === null ? null : <Request attempt={attempt} delivery={delivery} />}
    </div>
  );
}

/** What was sent: to operators as it was published, to the app's developer as the webhook gets it. */
function usePayload({ id, eventId }: FullDeliveryEntry): Readonly<Record<string, unknown>> | null {
  const isOperator = useIsOperator();
  const sent = useQuery({
    queryKey: ["payload", isOperator ? eventId : id],
    queryFn: async () => {
      if (isOperator) return (await client.call("getEvent", { params: { id: eventId } })).event.payload;
      return (await client.call("getAppDeliveryPayload", { params: { id } })).payload;
    },
  });
  return sent.data ?? null;
}

function Request({ attempt, delivery }: Pick<AttemptProps, "attempt" | "delivery">) {
  const payload = usePayload(delivery);
  const body = payload === null ? null : JSON.stringify(payload);
  return (
    <details>
      <summary>{words.delivery.request}</summary>
      <div className="attempt-body">
        {body === null ? null : (
          <div>
            <CopyButton label={words.delivery.curl} name={words.delivery.curl} text={curlOf(attempt, body)} />
          </div>
        )}
        <Headers title={words.delivery.headers} headers={attempt.requestHeaders} />
        {body === null ? null : <SourceView title={words.delivery.body} text={body} />}
      </div>
    </details>
  );
}

interface HeadersProps {
  readonly title: string;
  readonly headers: Readonly<Record<string, unknown>> | null;
  /** Of the attempt before, to mark what is different. */
  readonly before?: Readonly<Record<string, unknown>> | null | undefined;
}

/** Differ on every answer, and say nothing. */
const ALWAYS_DIFFERENT: ReadonlySet<string> = new Set(["date"]);

function Headers({ title, headers, before }: HeadersProps) {
  const entries = Object.entries(headers ?? {});
  if (entries.length === 0) return null;
  return (
    <div>
      <div className="source-head">
        <h3>{title}</h3>
      </div>
      <div className="list-wrap">
        <table className="change" aria-label={title}>
          <tbody>
            {entries.map(([name, value]) => {
              const isChanged = before != null && !ALWAYS_DIFFERENT.has(name.toLowerCase()) && before[name] !== value;
              return (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td className="mono">
                    {String(value)}
                    {isChanged ? <span className="tag">{words.delivery.changed}</span> : null}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </div>
  );
}
