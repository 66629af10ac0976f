import {
  revokeSecret,
  stageSecret,
  useSecret,
  type App,
  type DecideChange,
  type DirectoryService,
  type SealedSecret,
  type SecretChange,
  type SecretKind,
  type SecretStep,
} from "@genhook/core";
import { SIGNING_SECRET_PATTERN } from "@genhook/contract";
import { makeEd25519, publicJwk } from "../secrets/ed25519.ts";
import type { Sealing } from "../secrets/sealing.ts";
import { makeClientSecret, makeSigningSecret } from "../secrets/tokens.ts";
import { fail, valueOf } from "./api-error.ts";
import { audited } from "./audited.ts";
import { readJsonBody, type Call, type Reply } from "./call.ts";
import type { Handler } from "./directory-api.ts";
import { appView, momentText, secretView } from "./views.ts";

export interface SecretsApiOptions {
  readonly directory: DirectoryService;
  readonly sealing: Sealing;
  readonly newUuid: () => string;
  readonly now: () => number;
}

interface SecretBody {
  readonly kind: SecretKind;
  readonly step: SecretStep;
  readonly id?: string;
  readonly secret?: string;
}

/** How long a receiver may keep the published keys, seconds: a staged key is published before it signs. */
const KEYS_KEPT_SECONDS = 300;

/** The steps by which an app's secrets are replaced. */
export function secretHandlers(options: SecretsApiOptions): Readonly<Record<string, Handler>> {
  return {
    rotateSecret: (call) => {
      const app = options.directory.directory.appByClientId(call.params["clientId"] ?? "");
      if (app === undefined) return fail("not_found", `There is no app ${(call.params["clientId"] ?? "").slice(0, 64)}.`);
      return rotateSecret(options, call, app);
    },
  };
}

/** One step, asked for by an operator or by the app's developer. */
export async function rotateSecret(options: SecretsApiOptions, call: Call, app: App): Promise<Reply> {
  const body = (await readJsonBody(call)) as SecretBody;
  const { step, kind, id = null } = body;
  if (body.secret !== undefined && step !== "stage") fail("invalid_member", "secret belongs to the step stage alone.", "secret");
  if (id !== null && step === "stage") fail("invalid_member", "id belongs to the steps use and revoke.", "id");
  const made = step === "stage" ? makeSecret(options, kind, body.secret) : null;
  const request = { clientId: app.clientId, kind, id };
  const decide = made === null ? (step === "use" ? useSecret(request) : revokeSecret(request)) : stageSecret(request, made.sealed);
  const change = valueOf(await options.directory.change(recorded(call, app.clientId, decide)));
  const state = step === "revoke" ? { state: "revoked" } : {};
  return { body: { secret: { ...secretView(change.secret), ...made?.shown, ...state } } };
}

/** The public keys of an app, for whoever verifies its deliveries. An app without any is not told apart from one that does not exist. */
export function publicKeyHandlers(options: Pick<SecretsApiOptions, "directory">): Readonly<Record<string, Handler>> {
  return {
    getPublicKeys: (call) => {
      const app = options.directory.directory.appByClientId(call.params["clientId"] ?? "");
      const keys = (app?.secrets ?? []).flatMap((secret) =>
        secret.publicKey === undefined
          ? []
          : [
              {
                ...publicJwk(secret.id, secret.publicKey),
                publicKey: secret.publicKey,
                state: secret.state,
                createTime: momentText(secret.createdAt),
              },
            ],
      );
      if (keys.length === 0) return fail("not_found", "No keys are published for this client id.");
      return Promise.resolve({ headers: { "Cache-Control": `public, max-age=${KEYS_KEPT_SECONDS}` }, body: { keys } });
    },
  };
}

function recorded(call: Parameters<Handler>[0], clientId: string, decide: DecideChange<SecretChange>): DecideChange<SecretChange> {
  return audited(
    call,
    `app ${clientId}`,
    decide,
    (before) => {
      const app = before.appByClientId(clientId);
      return app === undefined ? null : appView(app);
    },
    (change) => appView(change.app),
  );
}

function makeSecret(
  options: SecretsApiOptions,
  kind: SecretKind,
  given: string | undefined,
): { readonly sealed: SealedSecret; readonly shown: Readonly<Record<string, string>> } {
  const { sealing, newUuid, now } = options;
  const entry = { id: newUuid(), kind, state: "staged", createdAt: now() } as const;
  if (kind === "ed25519") {
    if (given !== undefined) fail("invalid_member", "An Ed25519 key is made here, so that nobody else has it; leave secret out.", "secret");
    const pair = makeEd25519();
    return { sealed: { ...entry, sealed: sealing.seal(pair.secret), publicKey: pair.publicKey }, shown: {} };
  }
  if (kind === "signing" && given !== undefined && !SIGNING_SECRET_PATTERN.test(given)) {
    fail("invalid_member", "secret must be whsec_ followed by 24 to 64 bytes in base64.", "secret");
  }
  const secret = given ?? (kind === "client" ? makeClientSecret() : makeSigningSecret());
  return { sealed: { ...entry, sealed: sealing.seal(secret) }, shown: { secret } };
}
