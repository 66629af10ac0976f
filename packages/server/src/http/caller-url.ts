import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";

export interface CallerUrlOptions {
  /** Proxies whose `X-Forwarded-Host` and `X-Forwarded-Proto` count: addresses, networks, and the words of `TRUST_WORDS`. */
  readonly trustProxy: readonly string[];
  /** Origin, without a final slash, that links name where the caller used no shop's own; null: as the caller wrote it. */
  readonly publicUrl: string | null;
  readonly isShopDomain: (host: string) => boolean;
}

/** Networks by a word, for `--trust-proxy`. */
export const TRUST_WORDS: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.0/8", "::1/128"],
  private: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "fc00::/7", "fe80::/10"],
};

/** A host name or address with or without a port: what may be written into a link. */
const HOST = /^(?:[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?\.?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/;

/**
 * What the caller used to get here. A header that says so counts only where the connection comes from a trusted proxy; anybody else could
 * write it. Of several values the last one counts: it is the one that the trusted proxy itself has written.
 */
export class CallerUrl {
  readonly #options: CallerUrlOptions;
  readonly #trusted = new BlockList();

  constructor(options: CallerUrlOptions) {
    this.#options = options;
    for (const text of options.trustProxy.flatMap((each) => TRUST_WORDS[each] ?? [each])) {
      const [address = "", length] = text.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      if (length === undefined) this.#trusted.addAddress(address, family);
      else this.#trusted.addSubnet(address, Number(length), family);
    }
  }

  /** Whether the operator has said what links begin with. */
  get isPublicKnown(): boolean {
    return this.#options.publicUrl !== null;
  }

  /** The host, lower case, without port and without a final dot; empty where the request names none that could be one. */
  hostOf(request: IncomingMessage): string {
    return this.#authorityOf(request).replace(/:\d+$/, "").replace(/\.$/, "");
  }

  /** What absolute links begin with; empty where only the path is known. */
  originOf(request: IncomingMessage): string {
    const { publicUrl, isShopDomain } = this.#options;
    const authority = this.#authorityOf(request);
    const isShop = isShopDomain(this.hostOf(request));
    if (publicUrl !== null && !isShop) return publicUrl;
    if (authority === "") return "";
    const forwarded = this.#forwarded(request, "x-forwarded-proto");
    // A shop's domain stands behind the same proxy as the public address.
    const scheme = forwarded === "https" || forwarded === "http" ? forwarded : publicUrl?.startsWith("https:") === true ? "https" : "http";
    return `${scheme}://${authority}`;
  }

  /** The caller's IP address: of `X-Forwarded-For` the last one that is no trusted proxy, where the connection comes from one. */
  addressOf(request: IncomingMessage): string {
    const remote = request.socket.remoteAddress ?? "";
    const header = request.headers["x-forwarded-for"];
    if (typeof header !== "string" || !this.#isTrusted(remote)) return remote;
    const passed = header.split(",").map((each) => each.trim());
    return passed.findLast((address) => isIP(address) !== 0 && !this.#isTrusted(address)) ?? remote;
  }

  /** Whether the caller used a shop's own domain. */
  isOfShop(request: IncomingMessage): boolean {
    return this.#options.isShopDomain(this.hostOf(request));
  }

  #authorityOf(request: IncomingMessage): string {
    const authority = (this.#forwarded(request, "x-forwarded-host") ?? request.headers.host ?? "").toLowerCase();
    return HOST.test(authority) ? authority : "";
  }

  #forwarded(request: IncomingMessage, name: string): string | null {
    const value = request.headers[name];
    if (typeof value !== "string" || !this.#isTrusted(request.socket.remoteAddress)) return null;
    return value.split(",").at(-1)?.trim().toLowerCase() ?? null;
  }

  #isTrusted(address: string | undefined): boolean {
    if (address === undefined) return false;
    const family = isIP(address) === 6 ? "ipv6" : "ipv4";
    return this.#trusted.check(address, family);
  }
}
