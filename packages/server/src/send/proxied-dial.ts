import { request as requestPlainly, type IncomingMessage } from "node:http";
import { request as requestOverTls } from "node:https";
import { isIP, type Socket } from "node:net";
import { unescape } from "node:querystring";
import type { SecureContext } from "node:tls";
import { trustAlso } from "./certificate-trust.ts";
import { TlsDialler, type Dial } from "./dial.ts";
import { AddressRefusedError, refusedLiteral, soon, type GuardedDialOptions } from "./guarded-dial.ts";

export interface ProxiedDialOptions extends Omit<GuardedDialOptions, "resolve"> {
  /** `http://` or `https://`, with user and password where the proxy asks for them. */
  readonly proxy: string;
}

/** Of what a proxy says, so many characters are kept. */
const WHY_MAX = 200;

/** The proxy did not make a tunnel. `message` says what it answered, for the operator. */
export class ProxyRefusedError extends Error {
  readonly code = "GENHOOK_PROXY_REFUSED";
}

/**
 * Reaches every endpoint through a tunnel of an egress proxy (`CONNECT`, RFC 9110 9.3.6). Addresses that are literals are judged here
 * before the proxy is asked. Names are resolved by the proxy and nobody else: in the networks that need one, this process often cannot
 * resolve them, and an answer vetted here need not be the one that the proxy gets. So the proxy must refuse private networks itself; a
 * refusal (403) is an address that is refused.
 */
export function proxiedDial(options: ProxiedDialOptions): Dial {
  const proxy = new URL(options.proxy);
  const secureContext = trustAlso(options.ca);
  const tls = new TlsDialler(secureContext);
  const trust = secureContext === null ? {} : { secureContext };
  return (origin, done) => {
    const { host, port, isSecure } = origin;
    const refused = refusedLiteral(host, options);
    if (refused !== null) return soon(() => done(refused));
    const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    let giveUp = openTunnel(proxy, authority, trust, (result) => {
      if (result instanceof Error || !isSecure) done(result);
      else giveUp = tls.dial(origin, { socket: result }, done);
    });
    return () => giveUp();
  };
}

function openTunnel(
  proxy: URL,
  authority: string,
  trust: { readonly secureContext?: SecureContext },
  done: (result: Socket | Error) => void,
): () => void {
  let isDone = false;
  const end = (result: Socket | Error): void => {
    if (isDone) return;
    isDone = true;
    done(result);
  };
  // Also takes a per cent sign that stands for itself.
  const credentials = `${unescape(proxy.username)}:${unescape(proxy.password)}`;
  const open = proxy.protocol === "https:" ? requestOverTls : requestPlainly;
  const request = open({
    method: "CONNECT",
    host: proxy.hostname.replace(/^\[|\]$/g, ""),
    port: proxy.port === "" ? (proxy.protocol === "https:" ? 443 : 80) : Number(proxy.port),
    path: authority,
    headers: {
      Host: authority,
      ...(credentials === ":" ? {} : { "Proxy-Authorization": `Basic ${Buffer.from(credentials).toString("base64")}` }),
    },
    agent: false,
    ...trust,
  });
  request.once("connect", (response, socket, head) => {
    const status = response.statusCode ?? 0;
    if (isDone || status < 200 || status > 299) {
      socket.destroy();
      const why = whyOf(response);
      end(
        status === 403
          ? new AddressRefusedError(`the egress proxy refuses ${authority}${why}`)
          : refusal(`answered ${`${status} ${response.statusMessage ?? ""}`.trim()} for ${authority}${why}`),
      );
      return;
    }
    if (head.length > 0) socket.unshift(head);
    end(socket);
  });
  request.on("error", (error) => end(refusal(`could not be used: ${error.message}`)));
  request.end();
  return () => {
    isDone = true;
    request.destroy();
  };
}

/** What the proxy says of it beside the status: `Proxy-Status` (RFC 9209), or what Squid says. */
function whyOf({ headers }: IncomingMessage): string {
  const why = headers["proxy-status"] ?? headers["x-squid-error"];
  return why === undefined ? "" : `: ${String(why).slice(0, WHY_MAX)}`;
}

function refusal(what: string): ProxyRefusedError {
  return new ProxyRefusedError(`the egress proxy ${what}`);
}
