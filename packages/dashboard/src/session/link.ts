import { PORTAL_LINKS_PATH } from "@genhook/contract/client";

/** The link that the portal was opened by. */
export interface OpenedLink {
  readonly id: string;
  /** What all pages stand below. */
  readonly base: string;
  /** Good once; null where the page was loaded again, or copied without it. */
  readonly code: string | null;
}

/** Read once, when the page is loaded: the code is taken out of the address at once, so that neither history nor a screenshot keeps it. */
export const openedLink: OpenedLink | null = readLink(window.location);

function readLink({ pathname, hash, search }: Location): OpenedLink | null {
  const id = new RegExp(`^${PORTAL_LINKS_PATH}/([^/]+)`).exec(pathname)?.[1];
  if (id === undefined) return null;
  if (hash !== "") window.history.replaceState(null, "", pathname + search);
  return { id, base: `${PORTAL_LINKS_PATH}/${id}`, code: hash.length > 1 ? hash.slice(1) : null };
}
