import { isUuid, openLink, type AppAccess } from "@genhook/core";
import { isSameSecret } from "../../secrets/same-secret.ts";
import { makeAppToken, sha256 } from "../../secrets/tokens.ts";
import { fail } from "../api-error.ts";
import { auditRecord } from "../audited.ts";
import { readJsonBody, type Call, type Reply } from "../call.ts";
import type { Handler } from "../directory-api.ts";
import { actorOf, callerOf, type AppWideCaller } from "./app-wide-access.ts";
import { accessView, endAccess, signIn, type SignInOptions, type SignInRequest } from "./sign-in.ts";

/** How long a token is good, ms (contract section 7). */
const TOKEN_MS = 3_600_000;

/** The calls that take their credentials in the body, and give a token for them. */
export function signInHandlers(options: SignInOptions): Readonly<Record<string, Handler>> {
  return {
    createAppToken: async (call) => {
      const given = (await readJsonBody(call)) as SignInRequest;
      const record = { action: call.route.operation, requestId: call.requestId };
      const { caller, token } = await signIn(options, call.request, given, "token", TOKEN_MS, record);
      return tokenReply(caller, token);
    },
    openPortalLink: async (call) => {
      const { code } = (await readJsonBody(call)) as { readonly code: string };
      return openPortalLink(options, call, code);
    },
  };
}

/** What a caller says of itself, and its end. */
export function tokenHandlers(
  options: SignInOptions,
): Readonly<Record<"getAppToken" | "revokeAppToken", (call: Call, caller: AppWideCaller) => Promise<Reply>>> {
  return {
    getAppToken: (_, { access, app, shop }) => Promise.resolve({ body: { token: accessView(access, app, shop) } }),
    revokeAppToken: async (call, { access, app }) => {
      const record = { action: call.route.operation, requestId: call.requestId, actor: call.actor, subject: `app ${app.clientId}` };
      await endAccess(options, access.id, record);
      return { body: {} };
    },
  };
}

/** Unknown, opened before, ended, or another code: all the same to who asks. */
async function openPortalLink(options: SignInOptions, call: Call, code: string): Promise<Reply> {
  const { store, directory, wrong, callerUrl, now } = options;
  const id = (call.params["id"] ?? "").toLowerCase();
  const hash = sha256(`${id}#${code}`);
  const address = callerUrl.addressOf(call.request);
  wrong.check(address, hash);
  const { access, version } = isUuid(id) ? await store.appAccesses.find(id) : { access: null, version: 0 };
  await directory.catchUp(version);
  const isRight = access?.kind === "link" && access.codeHash !== null && isSameSecret(access.codeHash, sha256(code));
  if (access === null || !isRight) {
    wrong.wrong(address, hash);
    return refuseLink();
  }
  const caller = callerOf(options, access);
  const token = makeAppToken();
  const opened = openLink(access, sha256(token), now());
  if (caller === null || !opened.ok) return refuseLink();
  const subject = `app ${caller.app.clientId}`;
  const audit = auditRecord({ ...call, actor: actorOf(caller) }, subject, null, { link: access.id, openedFrom: address }, now());
  // Of two who open it at once, one does.
  if (!(await store.appAccesses.replace(opened.value, access.revision, audit))) return refuseLink();
  return tokenReply({ ...caller, access: opened.value }, token);
}

function refuseLink(): never {
  return fail("token_invalid", "The link is unknown, was opened before, or has ended; ask for a new one.");
}

function tokenReply({ access, app, shop }: { access: AppAccess } & Pick<AppWideCaller, "app" | "shop">, token: string): Reply {
  return { body: { token: { token, ...accessView(access, app, shop) } } };
}
