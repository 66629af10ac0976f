import type { Origin } from "./dial.ts";

/** An address as requests need it. */
export interface Target {
  /** Scheme, host and port: what connections are kept by. */
  readonly key: string;
  readonly origin: Origin;
  /** Request line, `Host` and `Connection`. */
  readonly headStart: string;
}

/** What would end a header or begin another one, and whatever else a value may not have (RFC 9110 5.5). */
const NOT_IN_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/;

/** Addresses whose parts are kept. */
const TARGETS_MAX = 10_000;

/** The parts of addresses, read once for each. */
export class Targets {
  readonly #known = new Map<string, Target>();

  /** Throws where the text is no address. */
  at(address: string): Target {
    let target = this.#known.get(address);
    if (target === undefined) {
      target = targetOf(address);
      if (this.#known.size >= TARGETS_MAX) this.#known.clear();
      this.#known.set(address, target);
    }
    return target;
  }
}

/** Reads an `http:` or `https:` address, which was checked when it was given. */
function targetOf(address: string): Target {
  const url = new URL(address);
  const isSecure = url.protocol === "https:";
  const host = url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
  const port = url.port === "" ? (isSecure ? 443 : 80) : Number(url.port);
  return {
    key: url.origin,
    origin: { isSecure, host, port },
    headStart: `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\nconnection: keep-alive\r\n`,
  };
}

/** A request's head, to its empty line. Headers: names and values in turn. Throws where a value would break out of its line. */
export function requestHead(target: Target, headers: readonly string[], bodyBytes: number): string {
  let head = target.headStart;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? "";
    const value = headers[index + 1] ?? "";
    if (NOT_IN_A_VALUE.test(value)) throw new Error(`the value of ${name} has characters that no header may have`);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}content-length: ${bodyBytes}\r\n\r\n`;
}
