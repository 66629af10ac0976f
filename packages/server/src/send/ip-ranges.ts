import ipaddr from "ipaddr.js";

/** Why an IP address may not be dialled; null when it may. The word is for the operator's log, not for the tenant. */
export type RefusedRange = string;

/**
 * Judges an IP address against the IANA special-purpose registries (RFC 6890 and its updates). IPv6 forms that carry an IPv4 address
 * (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) are judged by the IPv4 inside, because that is where a packet may end up.
 */
export function judgeIp(text: string): RefusedRange | null {
  if (!ipaddr.isValid(text)) return "no IP address";
  const address = ipaddr.parse(text.replace(/%.*$/, ""));
  return address instanceof ipaddr.IPv4 ? judge4(address) : judge6(address);
}

function judge4(address: ipaddr.IPv4): RefusedRange | null {
  const range = address.range();
  return range === "unicast" ? null : `IPv4 ${range}`;
}

function judge6(address: ipaddr.IPv6): RefusedRange | null {
  const bytes = address.toByteArray();
  for (const inner of embedded4(bytes)) {
    const refused = judge4(new ipaddr.IPv4(inner));
    if (refused !== null) return `${refused} inside IPv6`;
  }
  if (hasPrefix(bytes, [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])) return null;
  if (hasPrefix(bytes, MAPPED_PREFIX) || hasPrefix(bytes, [0x20, 0x02])) return null;
  if (hasPrefix(bytes, [0x20, 0x01, 0, 0])) return null;
  const range = address.range();
  if (range !== "unicast") return `IPv6 ${range}`;
  // Only 2000::/3 is handed out as global unicast; everything else is reserved, local, or translated by somebody's gateway.
  return ((bytes[0] ?? 0) & 0xe0) === 0x20 ? null : "IPv6 outside 2000::/3";
}

const MAPPED_PREFIX: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

function embedded4(bytes: readonly number[]): number[][] {
  const last = bytes.slice(12);
  if (hasPrefix(bytes, MAPPED_PREFIX)) return [last];
  if (hasPrefix(bytes, [0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0])) return [last];
  if (hasPrefix(bytes, [0x20, 0x02])) return [bytes.slice(2, 6)];
  // Teredo (RFC 4380): the server's address, and the client's with its bits inverted.
  if (hasPrefix(bytes, [0x20, 0x01, 0, 0])) return [bytes.slice(4, 8), last.map((byte) => byte ^ 0xff)];
  // ISATAP (RFC 5214): interface identifier 0000:5efe or 0200:5efe before the IPv4 address.
  if ((bytes[8] === 0x00 || bytes[8] === 0x02) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe) return [last];
  return [];
}

function hasPrefix(bytes: readonly number[], prefix: readonly number[]): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}
