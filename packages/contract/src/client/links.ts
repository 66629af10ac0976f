/** The page token behind `rel="next"` of a `Link` header (RFC 8288); null on the last page. Only the token: the URL may be a proxy's. */
export function readNextToken(link: string | null): string | null {
  for (const match of (link ?? "").matchAll(/<([^>]*)>\s*((?:;[^,]*)*)/g)) {
    const [, target = "", parameters = ""] = match;
    if (!/;\s*rel="?next"?\s*(;|$)/.test(parameters)) continue;
    const query = target.slice(target.indexOf("?") + 1);
    return new URLSearchParams(query).get("pageToken");
  }
  return null;
}
