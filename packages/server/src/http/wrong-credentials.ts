import ipaddr from "ipaddr.js";
import { ApiError } from "./api-error.ts";

/** Wrong keys and tokens that one address may send in a row, and the time after which it may send one more, ms. */
const WRONG_MAX = 20;
const ONE_MORE_MS = 3_000;
/** Addresses that are remembered, and right keys and tokens of each. */
const ADDRESSES_MAX = 10_000;
const RIGHT_MAX = 64;

interface Seen {
  /** Wrong ones that may still be sent, as of `at`. */
  left: number;
  at: number;
  /** Hashes of what was right from here, the latest last: whoever shares an address with a guesser is not shut out with it. */
  readonly right: string[];
}

/**
 * Slows down who guesses keys and tokens: past a number of wrong ones an address is answered `429` without a look at what it sends, except
 * what has been right from there before. By client address (an IPv6 one by its /64), in this process's memory, which is bounded.
 */
export class WrongCredentials {
  readonly #monotonic: () => number;
  readonly #seen = new Map<string, Seen>();

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** Before anything is looked up by this hash. Fails with `429` where the address has to wait. */
  check(address: string, hash: string): void {
    const seen = this.#seen.get(placeOf(address));
    if (seen === undefined || seen.right.includes(hash)) return;
    this.#refill(seen);
    if (seen.left >= 1) return;
    const seconds = Math.max(1, Math.ceil(((1 - seen.left) * ONE_MORE_MS) / 1_000));
    throw new ApiError(
      { code: "too_many_wrong_keys", message: `Too many wrong keys or tokens came from this address; wait ${seconds} s.` },
      { "Retry-After": String(seconds) },
    );
  }

  right(address: string, hash: string): void {
    const { right } = this.#at(address);
    const index = right.indexOf(hash);
    if (index >= 0 && index === right.length - 1) return;
    // The one that was used longest ago goes first: tokens of an hour follow each other.
    if (index >= 0) right.splice(index, 1);
    right.push(hash);
    if (right.length > RIGHT_MAX) right.shift();
  }

  /** It was unknown, or is no longer valid. */
  wrong(address: string, hash: string): void {
    const seen = this.#at(address);
    this.#refill(seen);
    seen.left -= 1;
    const index = seen.right.indexOf(hash);
    if (index >= 0) seen.right.splice(index, 1);
  }

  #at(address: string): Seen {
    const place = placeOf(address);
    let seen = this.#seen.get(place);
    if (seen === undefined) {
      const [oldest] = this.#seen.keys();
      if (this.#seen.size >= ADDRESSES_MAX && oldest !== undefined) this.#seen.delete(oldest);
      seen = { left: WRONG_MAX, at: this.#monotonic(), right: [] };
      this.#seen.set(place, seen);
    }
    return seen;
  }

  #refill(seen: Seen): void {
    const now = this.#monotonic();
    seen.left = Math.min(WRONG_MAX, seen.left + (now - seen.at) / ONE_MORE_MS);
    seen.at = now;
  }
}

/** An IPv4 address itself; of an IPv6 one the /64, all of which one customer has. */
function placeOf(address: string): string {
  if (!address.includes(":") || !ipaddr.IPv6.isValid(address)) return address;
  const parsed = ipaddr.IPv6.parse(address);
  return parsed.isIPv4MappedAddress() ? parsed.toIPv4Address().toString() : parsed.parts.slice(0, 4).join(":");
}
