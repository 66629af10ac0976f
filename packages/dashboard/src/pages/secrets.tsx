import { Modal } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { AppEntry, SecretEntry } from "@genhook/contract/client";
import { useState } from "react";
import { Confirm } from "../parts/confirm.tsx";
import { Panel } from "../parts/page.tsx";
import { ShownOnce } from "../parts/shown-once.tsx";
import { StateMark, type Tone } from "../parts/state-mark.tsx";
import { Time } from "../parts/time.tsx";
import { client } from "../session/client.ts";
import { useCan, useIsOperator } from "../session/session-context.ts";
import { words } from "../words.ts";

type Secret = AppEntry["secrets"][number];
type Kind = Secret["kind"];
type Step = "stage" | "use" | "revoke";

const KINDS: readonly Kind[] = ["client", "signing", "ed25519"];
const TONES: Readonly<Record<Secret["state"], Tone>> = { staged: "wait", live: "good", retiring: "warn", revoked: "still" };

/** Secrets of an app, kind by kind, each with the step that comes next. */
export function Secrets({ app }: { readonly app: Pick<AppEntry, "clientId" | "secrets"> }) {
  const [shown, setShown] = useState<SecretEntry | null>(null);
  const queries = useQueryClient();
  const take = async (kind: Kind, step: Step, id?: string): Promise<void> => {
    const body = { kind, step, ...(id === undefined ? {} : { id }) };
    const { secret } = await client.call("rotateSecret", { params: { clientId: app.clientId }, body });
    await queries.invalidateQueries({ queryKey: ["app", app.clientId] });
    if (secret.secret !== undefined) setShown(secret);
  };
  return (
    <>
      <Panel title={words.secrets.title} lead={words.secrets.lead}>
        <div className="steps">
          {KINDS.map((kind) => (
            <OfKind key={kind} kind={kind} secrets={app.secrets.filter((each) => each.kind === kind)} take={take} />
          ))}
        </div>
      </Panel>
      <Modal
        opened={shown !== null}
        onClose={() => setShown(null)}
        title={shown === null ? "" : words.secrets.kinds[shown.kind]}
        closeOnClickOutside={false}
        closeButtonProps={{ "aria-label": words.dialog.close }}
      >
        <ShownOnce name={words.secrets.title} lead={words.secrets.shownOnce} text={shown?.secret ?? ""} onCopied={() => setShown(null)} />
      </Modal>
    </>
  );
}

interface OfKindProps {
  readonly kind: Kind;
  readonly secrets: readonly Secret[];
  readonly take: (kind: Kind, step: Step, id?: string) => Promise<void>;
}

function OfKind({ kind, secrets, take }: OfKindProps) {
  const canChange = useCan("edit");
  const standing = secrets.filter((each) => each.state !== "revoked");
  const staged = standing.some((each) => each.state === "staged");
  const retiring = standing.some((each) => each.state === "retiring");
  return (
    <section aria-label={words.secrets.kinds[kind]}>
      <div className="source-head">
        <div>
          <h3>{words.secrets.kinds[kind]}</h3>
          <span className="quiet">
            {words.secrets.kindsFor[kind]} {words.secrets.stepNow[staged ? "staged" : retiring ? "retiring" : "none"]}
          </span>
        </div>
        {canChange && !staged ? (
          <Confirm
            size="xs"
            label={words.secrets.steps.stage}
            title={words.secrets.kinds[kind]}
            lead={words.secrets.confirm.stage}
            act={() => take(kind, "stage")}
          />
        ) : null}
      </div>
      {standing.length === 0 ? <p className="quiet">{words.secrets.noneOf}</p> : null}
      {standing.map((secret) => (
        <div key={secret.id} className="secret-row">
          <div>
            <StateMark tone={TONES[secret.state]}>
              <span title={words.secrets.statesMean[secret.state]}>{words.secrets.states[secret.state]}</span>
            </StateMark>{" "}
            <span className="quiet">
              {words.secrets.made} <Time at={secret.createTime} /> · <span className="mono">{secret.id}</span>
            </span>
            {secret.publicKey === undefined ? null : <div className="mono">{secret.publicKey}</div>}
          </div>
          {canChange ? <NextStep secret={secret} take={take} /> : null}
        </div>
      ))}
    </section>
  );
}

function NextStep({ secret, take }: Pick<OfKindProps, "take"> & { readonly secret: Secret }) {
  const isOperator = useIsOperator();
  const step = secret.state === "staged" ? "use" : secret.state === "retiring" ? "revoke" : null;
  if (step === null) return null;
  // Who came in with the secret that goes away is signed out with it.
  const also = !isOperator && step === "revoke" && secret.kind === "client" ? ` ${words.secrets.signsOut}` : "";
  return (
    <Confirm
      size="xs"
      variant={step === "use" ? "filled" : "default"}
      isDangerous={step === "revoke"}
      label={words.secrets.steps[step]}
      title={words.secrets.kinds[secret.kind]}
      lead={words.secrets.confirm[step] + also}
      act={() => take(secret.kind, step, secret.id)}
    />
  );
}
