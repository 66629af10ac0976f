import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { trustAlso } from "./certificate-trust.ts";
import { dialPlainly, TlsDialler, type Dial } from "./dial.ts";
import { judgeIp, type IpBlock } from "./ip-ranges.ts";

/** Resolves a name to all its addresses. */
export type Resolve = (hostname: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

export interface GuardedDialOptions {
  readonly allowPrivate: boolean;
  /** The operator's own networks that may not be dialled either. */
  readonly refusedNetworks?: readonly IpBlock[];
  /** Further certificate authorities, PEM, beside the built-in ones. */
  readonly ca: readonly string[] | null;
  /** The machine's own look-up where not given. */
  readonly resolve?: Resolve;
}

/** A host that may not be dialled. `message` says exactly why, for the operator. */
export class AddressRefusedError extends Error {
  readonly code = "GENHOOK_ADDRESS_REFUSED";
}

/**
 * Dials only vetted addresses. Names go through a look-up that judges **every** address it got and hands on those that may be dialled, so
 * there is no second look-up that could answer otherwise; literals, which no look-up sees, are judged here.
 */
export function guardedDial(options: GuardedDialOptions): Dial {
  const lookup = guardedLookup(options);
  const tls = new TlsDialler(trustAlso(options.ca));
  return (origin, done) => {
    const refused = refusedLiteral(origin.host, options);
    if (refused !== null) return soon(() => done(refused));
    return origin.isSecure ? tls.dial(origin, { lookup }, done) : dialPlainly(origin, lookup, done);
  };
}

/** Why an address that is a literal may not be dialled; null for names, which are judged by what they resolve to. */
export function refusedLiteral(
  host: string,
  options: Pick<GuardedDialOptions, "allowPrivate" | "refusedNetworks">,
): AddressRefusedError | null {
  const range = !options.allowPrivate && isIP(host) !== 0 ? judgeIp(host, options.refusedNetworks) : null;
  return range === null ? null : new AddressRefusedError(`${host} is refused: ${range}`);
}

/** Calls in the next microtask, unless the returned function was called before. */
export function soon(call: () => void): () => void {
  let isWanted = true;
  queueMicrotask(() => {
    if (isWanted) call();
  });
  return () => {
    isWanted = false;
  };
}

/** A `lookup` for `net.connect`: vets every address. Concurrent look-ups of one name share one answer. */
export function guardedLookup(options: Pick<GuardedDialOptions, "allowPrivate" | "resolve" | "refusedNetworks">): LookupFunction {
  const resolve: Resolve =
    options.resolve ??
    ((hostname, done) => systemLookup(hostname, { all: true, order: "verbatim" }, (error, found) => done(error, found ?? [])));
  const waiting = new Map<string, ((error: Error | null, vetted: readonly LookupAddress[]) => void)[]>();
  const vet = (hostname: string, done: (error: Error | null, vetted: readonly LookupAddress[]) => void): void => {
    const others = waiting.get(hostname);
    if (others !== undefined) {
      others.push(done);
      return;
    }
    const all = [done];
    waiting.set(hostname, all);
    resolve(hostname, (error, found) => {
      waiting.delete(hostname);
      const vetted = options.allowPrivate ? found : found.filter(({ address }) => judgeIp(address, options.refusedNetworks) === null);
      const failure = error ?? (vetted.length === 0 ? refusal(hostname, found, options.refusedNetworks) : null);
      for (const each of all) each(failure, vetted);
    });
  };
  return (hostname, lookupOptions, callback) => {
    vet(hostname, (error, vetted) => {
      const [first] = vetted;
      if (error !== null || first === undefined) {
        callback(error ?? refusal(hostname, vetted, []), "", 0);
        return;
      }
      const family = lookupOptions.family === 4 || lookupOptions.family === 6 ? lookupOptions.family : null;
      const fitting = family === null ? vetted : vetted.filter((each) => each.family === family);
      if (lookupOptions.all === true) callback(null, [...fitting]);
      else callback(null, (fitting[0] ?? first).address, (fitting[0] ?? first).family);
    });
  };
}

function refusal(hostname: string, found: readonly LookupAddress[], refusedNetworks: readonly IpBlock[] | undefined): Error {
  const shown = found.slice(0, 4).map(({ address }) => `${address} (${judgeIp(address, refusedNetworks) ?? "public"})`);
  return new AddressRefusedError(`${hostname} resolves to ${shown.length === 0 ? "nothing" : shown.join(", ")}`);
}
