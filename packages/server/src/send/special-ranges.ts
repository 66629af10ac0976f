/** A block of addresses that no delivery goes to, and why. */
export interface SpecialRange {
  readonly block: string;
  readonly name: string;
  /** What reserves it. */
  readonly source: string;
}

const range = (block: string, name: string, source: string): SpecialRange => ({ block, name, source });

/**
 * The IANA IPv4 Special-Purpose Address Registry, whole (https://www.iana.org/assignments/iana-ipv4-special-registry), and what else
 * never is somebody's web server. Blocks that the registry calls globally reachable are refused as well: nobody's endpoint is there.
 */
export const SPECIAL_RANGES_4: readonly SpecialRange[] = [
  range("0.0.0.0/8", "this network", "RFC 791"),
  range("10.0.0.0/8", "private use", "RFC 1918"),
  range("100.64.0.0/10", "shared address space", "RFC 6598"),
  range("127.0.0.0/8", "loopback", "RFC 1122"),
  range("169.254.0.0/16", "link-local, cloud metadata", "RFC 3927"),
  range("172.16.0.0/12", "private use", "RFC 1918"),
  range("192.0.0.0/24", "IETF protocol assignments", "RFC 6890"),
  range("192.0.2.0/24", "documentation", "RFC 5737"),
  range("192.31.196.0/24", "AS112", "RFC 7535"),
  range("192.52.193.0/24", "AMT", "RFC 7450"),
  range("192.88.99.0/24", "6to4 relay anycast", "RFC 7526"),
  range("192.168.0.0/16", "private use", "RFC 1918"),
  range("192.175.48.0/24", "AS112", "RFC 7534"),
  range("198.18.0.0/15", "benchmarking", "RFC 2544"),
  range("198.51.100.0/24", "documentation", "RFC 5737"),
  range("203.0.113.0/24", "documentation", "RFC 5737"),
  range("224.0.0.0/4", "multicast", "RFC 5771"),
  range("240.0.0.0/4", "reserved, broadcast", "RFC 1112"),
  // A public address that answers inside Azure alone, with the secrets of the virtual machine.
  range("168.63.129.16/32", "Azure host", "Microsoft"),
];

/**
 * The IANA IPv6 Special-Purpose Address Registry (https://www.iana.org/assignments/iana-ipv6-special-registry), whole but for the forms
 * that carry an IPv4 address and are judged by it. Everything outside 2000::/3 is refused without standing here (RFC 4291 2.4); what
 * stands here all the same gives the operator a name.
 */
export const SPECIAL_RANGES_6: readonly SpecialRange[] = [
  range("::1/128", "loopback", "RFC 4291"),
  range("::/128", "unspecified", "RFC 4291"),
  range("::/96", "IPv4-compatible", "RFC 4291"),
  range("::ffff:0:0:0/96", "IPv4-translated", "RFC 7915"),
  range("64:ff9b:1::/48", "local-use translation", "RFC 8215"),
  range("100::/64", "discard only", "RFC 6666"),
  range("100:0:0:1::/64", "dummy prefix", "RFC 9780"),
  range("2001::/23", "IETF protocol assignments", "RFC 2928"),
  range("2001:db8::/32", "documentation", "RFC 3849"),
  range("2620:4f:8000::/48", "AS112", "RFC 7534"),
  range("3fff::/20", "documentation", "RFC 9637"),
  range("5f00::/16", "segment routing", "RFC 9602"),
  range("fc00::/7", "unique local, cloud metadata", "RFC 4193"),
  range("fe80::/10", "link-local", "RFC 4291"),
  range("fec0::/10", "site-local", "RFC 3879"),
  range("ff00::/8", "multicast", "RFC 4291"),
];
