import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";
import { trustAlso } from "./certificate-trust.ts";
import { judgeIp, type IpBlock } from "./ip-ranges.ts";

/** Resolves a name to all its addresses. */
export type Resolve = (hostname: string, done: (error: Error | null, addresses: readonly LookupAddress[]) => void) => void;

export interface GuardedConnectOptions {
  readonly allowPrivate: boolean;
  /** The operator's own networks that may not be dialled either. */
  readonly refusedNetworks?: readonly IpBlock[];
  /** Time for looking up, connecting and TLS together, ms. */
  readonly timeoutMs: number;
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
 * A connector that dials only vetted addresses. Names go through a look-up that judges **every** address it got and hands on those that
 * may be dialled, so there is no second look-up that could answer otherwise; literals, which no look-up sees, are judged here.
 */
export function guardedConnect(options: GuardedConnectOptions): buildConnector.connector {
  const { allowPrivate, timeoutMs, ca, refusedNetworks } = options;
  const secureContext = trustAlso(ca);
  const dial = buildConnector({
    allowH2: false,
    timeout: timeoutMs,
    lookup: guardedLookup(options),
    ...(secureContext === null ? {} : { secureContext }),
  });
  return (target, callback) => {
    const host = target.hostname.startsWith("[") ? target.hostname.slice(1, -1) : target.hostname;
    if (!allowPrivate && isIP(host) !== 0) {
      const range = judgeIp(host, refusedNetworks);
      if (range !== null) {
        process.nextTick(callback, new AddressRefusedError(`${host} is refused: ${range}`), null);
        return;
      }
    }
    dial({ ...target, hostname: host }, callback);
  };
}

/** A `lookup` for `net.connect`: vets every address. Concurrent look-ups of one name share one answer. */
export function guardedLookup(options: Pick<GuardedConnectOptions, "allowPrivate" | "resolve" | "refusedNetworks">): LookupFunction {
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
