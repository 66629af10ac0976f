import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { PORTAL_LINKS_PATH } from "@genhook/contract";
import { isAccessInForce, isUuid, type Allowance, type AppAccess } from "@genhook/core";
import { sha256 } from "../../secrets/tokens.ts";
import { fail } from "../api-error.ts";
import { auditRecord } from "../audited.ts";
import { readJsonBody } from "../call.ts";
import type { Handler } from "../directory-api.ts";
import { pageLinks, readPaging, readStoredPage } from "../paging.ts";
import { momentText } from "../views.ts";
import type { AppWideOptions } from "./app-wide-access.ts";
import { accessView, endAccess, ACCESS_KEPT_MS } from "./sign-in.ts";

export interface LinksApiOptions extends AppWideOptions {
  /** UUIDv7. */
  readonly newId: () => string;
  /** What links to the pages of app developers begin with. */
  readonly portalOrigin: (request: IncomingMessage) => string;
}

interface LinkBody {
  readonly clientId: string;
  readonly shop?: string;
  readonly can: readonly Allowance[];
  readonly minutes: number;
  readonly frameAncestors?: readonly string[];
}

const CODE_BYTES = 32;

/** Links by which operators let app developers into the portal. */
export function linkHandlers(options: LinksApiOptions): Readonly<Record<string, Handler>> {
  const { store, directory } = options;
  return {
    createPortalLink: async (call) => {
      const body = (await readJsonBody(call)) as LinkBody;
      const { access, subject } = readLink(options, body, call.actor);
      const code = randomBytes(CODE_BYTES).toString("base64url");
      const link = { ...access, codeHash: sha256(code) };
      await store.appAccesses.add(
        link,
        auditRecord(call, subject, null, linkView(options, link), link.createdAt),
        link.createdAt - ACCESS_KEPT_MS,
      );
      // The code stands behind the #: no server, proxy or log on the way sees it.
      const url = `${options.portalOrigin(call.request)}${PORTAL_LINKS_PATH}/${link.id}#${code}`;
      return { body: { id: link.id, url, expiresAt: momentText(link.expiresAt) } };
    },
    listPortalLinks: async (call) => {
      const paging = readPaging(call);
      const { clientId } = paging.filters;
      const app = clientId === undefined ? null : (directory.directory.appByClientId(clientId)?.id ?? -1);
      const { page, ...turns } = await readStoredPage(
        paging,
        (key): key is string => typeof key === "string" && isUuid(key),
        (turn, count) => store.appAccesses.listLinks(app, turn, count),
        (link) => link.id,
      );
      return { headers: pageLinks(call, paging, turns), body: { portalLinks: page.map((link) => linkView(options, link)) } };
    },
    revokePortalLink: async (call) => {
      const id = (call.params["id"] ?? "").toLowerCase();
      const found = isUuid(id) ? (await store.appAccesses.find(id)).access : null;
      if (found?.kind !== "link") return fail("not_found", "There is no portal link with this id (any more).");
      const clientId = directory.directory.app(found.app)?.clientId ?? "";
      const record = {
        action: call.route.operation,
        requestId: call.requestId,
        actor: call.actor,
        subject: `portalLink ${clientId} ${id}`,
      };
      await endAccess(options, id, record);
      return { body: {} };
    },
  };
}

function readLink(options: LinksApiOptions, body: LinkBody, madeBy: string): { readonly access: AppAccess; readonly subject: string } {
  const { directory } = options.directory;
  const { clientId, shop: domain } = body;
  const app = directory.appByClientId(clientId) ?? fail("unknown_app", `There is no app ${clientId}.`, "clientId");
  const shop =
    domain === undefined ? null : (directory.shopByDomain(domain) ?? fail("unknown_shop", `There is no shop ${domain}.`, "shop"));
  if (shop !== null && directory.lastInstallation(app.id, shop.id) === undefined) {
    fail("not_installed", `The app was never installed on ${shop.domain}.`, "shop");
  }
  const createdAt = options.now();
  // Whoever may send again or change sees what they do it to.
  const can = [...new Set<Allowance>(["read", ...body.can])];
  const access: AppAccess = {
    id: options.newId(),
    kind: "link",
    app: app.id,
    shop: shop?.id ?? null,
    can,
    secretId: null,
    codeHash: null,
    tokenHash: null,
    frameAncestors: [...new Set(body.frameAncestors ?? [])],
    madeBy,
    createdAt,
    openedAt: null,
    expiresAt: createdAt + body.minutes * 60_000,
    revokedAt: null,
    revision: 1,
  };
  return { access, subject: `portalLink ${app.clientId} ${access.id}` };
}

function linkView({ directory: { directory }, now }: LinksApiOptions, link: AppAccess): Record<string, unknown> {
  const app = directory.app(link.app);
  const shop = link.shop === null ? null : (directory.shop(link.shop) ?? null);
  const inForce = isAccessInForce(link, app, now());
  return {
    id: link.id,
    ...(app === undefined
      ? { clientId: "", shop: shop?.domain ?? null, can: link.can, expiresAt: momentText(link.expiresAt) }
      : accessView(link, app, shop)),
    frameAncestors: link.frameAncestors,
    state: link.revokedAt !== null ? "revoked" : !inForce ? "ended" : link.openedAt === null ? "unopened" : "open",
    madeBy: link.madeBy,
    createTime: momentText(link.createdAt),
    openTime: link.openedAt === null ? null : momentText(link.openedAt),
    revokedTime: link.revokedAt === null ? null : momentText(link.revokedAt),
  };
}
