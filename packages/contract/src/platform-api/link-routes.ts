import { Type } from "typebox";
import { EmptyAnswer } from "../app-api/schemas.ts";
import { PortalLinkCreate, PortalLinkEntry } from "../apps-api/schemas.ts";
import { BODY_ERRORS, many, SHAPE_ERRORS, type Route } from "../route.ts";
import { closed } from "../schema-parts.ts";
import { ClientId, PageQuery } from "./schemas.ts";

const LINKS = "/platform/v1/portal-links";
const api = "platform";

/** Links by which app developers come into the portal (contract section 9). */
export const linkRoutes: readonly Route[] = [
  {
    operation: "createPortalLink",
    method: "POST",
    path: LINKS,
    api,
    summary: "Make a link to the portal for one app, on all its shops or one; it opens once, and ends at expiresAt",
    allows: ["admin"],
    body: PortalLinkCreate,
    status: 201,
    answer: Type.Object({ id: Type.String(), url: Type.String(), expiresAt: Type.String({ format: "date-time" }) }),
    errors: [...BODY_ERRORS, "unknown_app", "unknown_shop", "not_installed"],
  },
  {
    operation: "listPortalLinks",
    method: "GET",
    path: LINKS,
    api,
    summary: "List portal links, newest first; those that ended a day ago may be gone",
    allows: ["admin", "read"],
    query: closed({ clientId: Type.Optional(ClientId), ...PageQuery.properties }),
    status: 200,
    answer: many("portalLinks", PortalLinkEntry),
    errors: ["malformed_query", ...SHAPE_ERRORS],
  },
  {
    operation: "revokePortalLink",
    method: "DELETE",
    path: `${LINKS}/:id`,
    api,
    summary: "End a portal link, and what was opened with it",
    allows: ["admin"],
    status: 200,
    answer: EmptyAnswer,
    errors: [],
  },
];
