import { isIP } from "node:net";
import { ADDRESS_LENGTH_MAX, type ErrorCode } from "@genhook/contract";
import type { CheckedAddress } from "@genhook/core";
import { judgeIp, type IpBlock } from "./ip-ranges.ts";

export interface AddressPolicy {
  /** Development: `http:`, private networks, any host name and port. */
  readonly allowPrivate: boolean;
  /** The operator's own networks that are refused as well. */
  readonly refusedNetworks?: readonly IpBlock[];
}

export type AddressCheck =
  | { readonly ok: true; readonly address: CheckedAddress }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/**
 * Names that never lead to a public host: RFC 6761 and 6762 special names, ICANN's `internal`, and what home and company networks use.
 * A name without a dot is one of them too: it is looked up in the local search domain.
 */
const LOCAL_SUFFIXES: readonly string[] = [
  "localhost",
  "local",
  "internal",
  "intranet",
  "private",
  "corp",
  "home",
  "lan",
  "arpa",
  "onion",
  "invalid",
  "test",
  "localdomain",
];

/** Ports below 1024 that web servers use. Everything else down there is some other protocol's, where an HTTP request may do harm. */
const LOW_PORTS: ReadonlySet<string> = new Set(["", "80", "443"]);

/** Ports from 1024 up that the Fetch standard blocks ("bad port"), and databases and caches that act on whatever is sent to them. */
const REFUSED_HIGH_PORTS: ReadonlySet<string> = new Set(
  "1719 1720 1723 2049 2375 2379 3306 3659 4045 4190 5060 5061 5432 5672 6000 6379 6566 6665 6666 6667 6668 6669 6679 6697 9042 9092 10080 11211 27017".split(
    " ",
  ),
);

/** Checks an address as it is given, before anything is looked up. What it resolves to is vetted each time a connection is made. */
export function checkAddress(text: string, policy: AddressPolicy): AddressCheck {
  if (text.length > ADDRESS_LENGTH_MAX) {
    return refused("address_too_long", `The address has ${text.length} characters; at most ${ADDRESS_LENGTH_MAX} are allowed.`);
  }
  // The URL parser drops tabs and line breaks, trims, and reads a backslash as a slash: what was stored would not be what was checked.
  if (!/^[\x21-\x5b\x5d-\x7e\u{a1}-\u{10ffff}]+$/u.test(text)) {
    return refused("address_malformed", "The address has a space, a control character or a backslash; write it as an absolute https: URL.");
  }
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/]/i.test(text) || !URL.canParse(text)) {
    return refused("address_malformed", "The address is no absolute URL; write it like https://app.example.com/hooks.");
  }
  const url = new URL(text);
  if (!isHost(bareHost(url.hostname))) {
    return refused(
      "address_malformed",
      `"${url.hostname.slice(0, 100)}" cannot be a host name; write the address like https://app.example.com/hooks.`,
    );
  }
  if (url.protocol !== "https:" && !(url.protocol === "http:" && policy.allowPrivate)) {
    return refused("address_not_https", `The address must begin with https://, not ${url.protocol}//.`);
  }
  if (url.username !== "" || url.password !== "" || /^[^/?#]*@/.test(text.slice(text.indexOf("//") + 2))) {
    return refused("address_has_user_info", "The address must not carry a user name or password; deliveries are signed instead.");
  }
  if (text.includes("#")) return refused("address_has_fragment", "The address must not have a fragment (#…); it is never sent.");
  const reason = policy.allowPrivate ? null : (refusedHost(url.hostname, policy) ?? refusedPort(url.port));
  if (reason !== null) return refused("address_refused", reason);
  return { ok: true, address: { text, origin: url.origin, pathname: url.pathname } };
}

/** The host of a URL without the brackets of an IPv6 literal. */
export function bareHost(hostname: string): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

/** An IP address, or a name that DNS can have: labels of 1 to 63 characters, 253 in all, with a dot at the end or not. */
function isHost(host: string): boolean {
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  return isIP(host) !== 0 || (name.length <= 253 && name.split(".").every((label) => label.length >= 1 && label.length <= 63));
}

function refusedHost(hostname: string, { refusedNetworks }: AddressPolicy): string | null {
  const host = bareHost(hostname);
  if (isIP(host) !== 0) {
    return judgeIp(host, refusedNetworks) === null
      ? null
      : "The address names a network that deliveries may not go to; use a public host name.";
  }
  const name = host.replace(/\.+$/, "").toLowerCase();
  const isLocal = !name.includes(".") || LOCAL_SUFFIXES.some((suffix) => name.endsWith(`.${suffix}`));
  return isLocal ? `"${name.slice(0, 100)}" is a name of local networks; use a public host name.` : null;
}

function refusedPort(port: string): string | null {
  const isAllowed = LOW_PORTS.has(port) || (Number(port) >= 1024 && !REFUSED_HIGH_PORTS.has(port));
  return isAllowed ? null : `Port ${port} is no web port; use 443, or one above 1023.`;
}

function refused(code: ErrorCode, message: string): AddressCheck {
  return { ok: false, code, message };
}
