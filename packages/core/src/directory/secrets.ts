import type { App, SealedSecret, SecretKind } from "../domain/directory-entries.ts";
import { ok, refuse, type Result } from "../refusal.ts";
import type { DecideChange } from "./directory-service.ts";

/**
 * Replacing a secret without a moment in which a receiver cannot verify:
 *
 *   live ── stage ──► live + staged ── use ──► retiring + live ── revoke ──► live
 *                        └── revoke ──► live
 *
 * `stage` reveals a new secret and changes nothing else; once the receivers know it, `use` makes it sign beside the one before it; once they
 * no longer need that one, `revoke` ends it. There are never more than two of a kind, so it is always clear which one a step means.
 * Ed25519 keys are optional: the first one is staged beside none, and the last one can be revoked, by its id.
 */
export type SecretStep = "stage" | "use" | "revoke";

export interface SecretRequest {
  readonly clientId: string;
  readonly kind: SecretKind;
  /** The secret that is meant, for `use` and `revoke`; null: the one that the step fits. */
  readonly id: string | null;
}

/** An app and the secret that a step was about. */
export interface SecretChange {
  readonly app: App;
  readonly secret: SealedSecret;
}

/** Keeps a new secret beside the one in use; nothing is signed with it yet. */
export function stageSecret(request: SecretRequest, secret: SealedSecret): DecideChange<SecretChange> {
  return decideStep(request, (of) => {
    if (of.staged !== undefined) {
      return refuseStep(`A ${request.kind} secret is staged already (${of.staged.id}): use it, or revoke it first.`);
    }
    if (of.retiring !== undefined) {
      return refuseStep(`The ${request.kind} secret ${of.retiring.id} is still being replaced: revoke it before the next one is staged.`);
    }
    return ok({ secret, secrets: [secret] });
  });
}

/** Makes the staged secret sign; the one in use before it signs on until it is revoked. */
export function useSecret(request: SecretRequest): DecideChange<SecretChange> {
  return decideStep(request, ({ staged, live }) => {
    if (staged === undefined || (request.id !== null && request.id !== staged.id)) {
      return refuseStep(`No such ${request.kind} secret is staged; begin with the step stage.`);
    }
    const used: SealedSecret = { ...staged, state: "live" };
    return ok({ secret: used, secrets: live === undefined ? [used] : [used, { ...live, state: "retiring" }] });
  });
}

/** Ends the staged secret, or else the one that was replaced. */
export function revokeSecret(request: SecretRequest): DecideChange<SecretChange> {
  return decideStep(request, ({ staged, retiring, live }) => {
    const ended = request.id === null ? (staged ?? retiring) : [staged, retiring, live].find((each) => each?.id === request.id);
    if (ended === undefined) {
      return refuseStep(
        request.id === null
          ? `There is no ${request.kind} secret to revoke but the one in use; stage and use another one first.`
          : `There is no ${request.kind} secret with this id (any more).`,
      );
    }
    if (ended === live && request.kind !== "ed25519") {
      return refuseStep(`This ${request.kind} secret is the one in use; stage and use another one first.`);
    }
    if (ended === live && retiring !== undefined) return refuseStep("Revoke the key that was replaced before the one in use.");
    return ok({ secret: ended, secrets: [] });
  });
}

interface OfKind {
  readonly staged: SealedSecret | undefined;
  readonly live: SealedSecret | undefined;
  readonly retiring: SealedSecret | undefined;
}

/** What a step leaves: the secret that it was about, and those that are new or changed. A secret among neither is gone. */
interface Step {
  readonly secret: SealedSecret;
  readonly secrets: readonly SealedSecret[];
}

function decideStep(request: SecretRequest, step: (of: OfKind) => Result<Step>): DecideChange<SecretChange> {
  return (directory, now) => {
    const before = directory.appByClientId(request.clientId);
    if (before === undefined) return refuse("not_found", `There is no app ${request.clientId}.`);
    const ofKind = before.secrets.filter((secret) => secret.kind === request.kind);
    const inState = (state: SealedSecret["state"]): SealedSecret | undefined => ofKind.find((secret) => secret.state === state);
    const decided = step({ staged: inState("staged"), live: inState("live"), retiring: inState("retiring") });
    if (!decided.ok) return decided;
    const { secret, secrets } = decided.value;
    const touched = new Set([secret, ...secrets].map((each) => each.id));
    const app: App = { ...before, secrets: [...before.secrets.filter((each) => !touched.has(each.id)), ...secrets], updatedAt: now };
    return ok({ value: { app, secret }, apps: [app] });
  };
}

function refuseStep(message: string): ReturnType<typeof refuse> {
  return refuse("secret_step_refused", message, "step");
}
