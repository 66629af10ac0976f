import { Resolver, type LookupAddress } from "node:dns";
import type { Resolve } from "./guarded-dial.ts";

export interface DnsResolveOptions {
  /** Name servers as `IP` or `IP:port` (`[IPv6]:port`); null takes the machine's (resolv.conf), read again from time to time. */
  readonly servers: readonly string[] | null;
}

/** Whether the text names a name server: an IP address, with a port behind it or not. */
export function isNameServer(text: string): boolean {
  try {
    new Resolver().setServers([text]);
    return true;
  } catch {
    return false;
  }
}

/** How long one name server may take for one answer, and how often it is asked. The attempt's own clock may end it before. */
const ANSWER_MS = 2_000;
const TRIES = 2;
/** Once one family of addresses is there, how long the other is waited for: many name servers drop what they do not know. */
const OTHER_FAMILY_MS = 250;
/** The machine's name servers may change while the process runs. */
const SERVERS_KEPT_MS = 60_000;

/**
 * Looks names up at name servers, IPv4 addresses first. Not by the system's own look-up (getaddrinfo): that takes one of libuv's four
 * threads for as long as it lasts, so four names whose servers keep silent would hold up the deliveries of everybody else.
 */
export function dnsResolve({ servers }: DnsResolveOptions): Resolve {
  let resolver = makeResolver(servers);
  let madeAt = performance.now();
  return (hostname, done) => {
    if (servers === null && performance.now() - madeAt > SERVERS_KEPT_MS) {
      resolver = makeResolver(null);
      madeAt = performance.now();
    }
    askBoth(resolver, hostname.replace(/\.$/, ""), done);
  };
}

function makeResolver(servers: readonly string[] | null): Resolver {
  const resolver = new Resolver({ timeout: ANSWER_MS, tries: TRIES });
  if (servers !== null) resolver.setServers([...servers]);
  return resolver;
}

function askBoth(resolver: Resolver, hostname: string, done: Parameters<Resolve>[1]): void {
  const found: Record<4 | 6, readonly LookupAddress[] | null> = { 4: null, 6: null };
  let failure: Error | null = null;
  let isDone = false;
  let timer: NodeJS.Timeout | null = null;
  const finish = (): void => {
    if (isDone) return;
    isDone = true;
    if (timer !== null) clearTimeout(timer);
    const all = [...(found[4] ?? []), ...(found[6] ?? [])];
    done(all.length === 0 ? failure : null, all);
  };
  const take = (family: 4 | 6, error: Error | null, addresses: readonly string[] | undefined): void => {
    // No address of this family (ENODATA) is an answer; a failure counts only when the other family has none either.
    if (error !== null && (failure === null || isNoData(failure))) failure = error;
    found[family] = (addresses ?? []).map((address) => ({ address, family }));
    if (found[4] !== null && found[6] !== null) finish();
    else if (found[family].length > 0) timer = setTimeout(finish, OTHER_FAMILY_MS);
  };
  resolver.resolve4(hostname, (error, addresses) => take(4, error, addresses));
  resolver.resolve6(hostname, (error, addresses) => take(6, error, addresses));
}

function isNoData(error: Error): boolean {
  return "code" in error && error.code === "ENODATA";
}
