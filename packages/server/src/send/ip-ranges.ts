import ipaddr from "ipaddr.js";
import { SPECIAL_RANGES_4, SPECIAL_RANGES_6, type SpecialRange } from "./special-ranges.ts";

/** Why an IP address may not be dialled; null when it may. The word is for the operator's log, not for the tenant. */
export type RefusedRange = string;

/** A block that an operator refuses beside the special ones. */
export interface IpBlock {
  readonly text: string;
  readonly first: readonly number[];
  readonly prefixLength: number;
}

/** Reads a block such as `198.51.100.0/24` or `2001:db8::/32`, or a single address; null when the text is none. */
export function parseBlock(text: string): IpBlock | null {
  const whole = text.includes("/") ? text : `${text}/${text.includes(":") ? 128 : 32}`;
  if (!ipaddr.isValidCIDR(whole)) return null;
  const [address, prefixLength] = ipaddr.parseCIDR(whole);
  return { text, first: address.toByteArray(), prefixLength };
}

/**
 * Judges an IP address against the IANA special-purpose registries and the operator's own blocks. IPv6 forms that carry an IPv4 address
 * (mapped, NAT64, 6to4, Teredo, ISATAP) are judged by the IPv4 inside, because that is where a packet may end up.
 */
export function judgeIp(text: string, further: readonly IpBlock[] = []): RefusedRange | null {
  if (!ipaddr.isValid(text)) return "no IP address";
  const address = ipaddr.parse(text.replace(/%.*$/, ""));
  const bytes = address.toByteArray();
  return address instanceof ipaddr.IPv4 ? judge4(bytes, further) : judge6(bytes, further);
}

function judge4(bytes: readonly number[], further: readonly IpBlock[]): RefusedRange | null {
  const name = nameIn(BLOCKS_4, bytes) ?? furtherName(bytes, further);
  return name === null ? null : `IPv4 ${name}`;
}

function judge6(bytes: readonly number[], further: readonly IpBlock[]): RefusedRange | null {
  const own = furtherName(bytes, further);
  if (own !== null) return `IPv6 ${own}`;
  const inner = embedded4(bytes);
  for (const each of inner) {
    const refused = judge4(each, further);
    if (refused !== null) return `${refused} inside IPv6`;
  }
  if (CARRIERS.some((carrier) => isIn(bytes, carrier))) return null;
  const name = nameIn(BLOCKS_6, bytes);
  if (name !== null) return `IPv6 ${name}`;
  // Only 2000::/3 is handed out as global unicast; everything else is reserved, local, or translated by somebody's gateway.
  return ((bytes[0] ?? 0) & 0xe0) === 0x20 ? null : "IPv6 outside 2000::/3";
}

/** Every IPv4 address that a packet to this IPv6 address might be unpacked to. */
function embedded4(bytes: readonly number[]): readonly (readonly number[])[] {
  const last = bytes.slice(12);
  const found: (readonly number[])[] = [];
  if (isIn(bytes, MAPPED) || isIn(bytes, NAT64)) found.push(last);
  if (isIn(bytes, SIX_TO_FOUR)) found.push(bytes.slice(2, 6));
  // Teredo (RFC 4380): the server's address, and the client's with its bits inverted.
  if (isIn(bytes, TEREDO))
    found.push(
      bytes.slice(4, 8),
      last.map((byte) => byte ^ 0xff),
    );
  // ISATAP (RFC 5214): interface identifier 0000:5efe or 0200:5efe before the IPv4 address.
  if ((bytes[8] === 0x00 || bytes[8] === 0x02) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe) found.push(last);
  return found;
}

function block(text: string): IpBlock {
  const parsed = parseBlock(text);
  if (parsed === null) throw new Error(`${text} is no block of addresses`);
  return parsed;
}

const named = ({ block: text, name }: SpecialRange): IpBlock & { readonly name: string } => ({ ...block(text), name });

const BLOCKS_4 = SPECIAL_RANGES_4.map(named);
const BLOCKS_6 = SPECIAL_RANGES_6.map(named);
const MAPPED = block("::ffff:0:0/96");
const NAT64 = block("64:ff9b::/96");
const SIX_TO_FOUR = block("2002::/16");
const TEREDO = block("2001::/32");
const CARRIERS: readonly IpBlock[] = [MAPPED, NAT64, SIX_TO_FOUR, TEREDO];

function nameIn(blocks: readonly (IpBlock & { readonly name: string })[], bytes: readonly number[]): string | null {
  return blocks.find((each) => isIn(bytes, each))?.name ?? null;
}

function furtherName(bytes: readonly number[], further: readonly IpBlock[]): string | null {
  const found = further.find((each) => isIn(bytes, each));
  return found === undefined ? null : `refused by setting: ${found.text}`;
}

function isIn(bytes: readonly number[], { first, prefixLength }: IpBlock): boolean {
  if (bytes.length !== first.length) return false;
  for (let index = 0, left = prefixLength; left > 0; index += 1, left -= 8) {
    const mask = left >= 8 ? 0xff : (0xff << (8 - left)) & 0xff;
    if (((bytes[index] ?? 0) & mask) !== ((first[index] ?? 0) & mask)) return false;
  }
  return true;
}
