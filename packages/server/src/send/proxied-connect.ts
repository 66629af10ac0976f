import { request as requestPlainly } from "node:http";
import { request as requestOverTls } from "node:https";
import { isIP, type Socket } from "node:net";
import { unescape } from "node:querystring";
import type { SecureContext } from "node:tls";
import { buildConnector } from "undici";
import { trustAlso } from "./certificate-trust.ts";
import { AddressRefusedError, type GuardedConnectOptions } from "./guarded-connect.ts";
import { judgeIp } from "./ip-ranges.ts";

export interface ProxiedConnectOptions extends Omit<GuardedConnectOptions, "resolve"> {
  /** `http://` or `https://`, with user and password where the proxy asks for them. */
  readonly proxy: string;
}

/** The proxy did not make a tunnel. `message` says what it answered, for the operator. */
export class ProxyRefusedError extends Error {
  readonly code = "GENHOOK_PROXY_REFUSED";
}

/**
 * A connector that reaches every endpoint through a tunnel of an egress proxy (`CONNECT`, RFC 9110 9.3.6). Addresses that are literals are
 * judged here before the proxy is asked. Names are resolved by the proxy and nobody else: in the networks that need one, this process
 * often cannot resolve them, and an answer vetted here need not be the one that the proxy gets. So the proxy must refuse private
 * networks itself; a refusal (403) is an address that is refused.
 */
export function proxiedConnect(options: ProxiedConnectOptions): buildConnector.connector {
  const { allowPrivate, timeoutMs, ca, refusedNetworks } = options;
  const proxy = new URL(options.proxy);
  const secureContext = trustAlso(ca);
  const trust = secureContext === null ? {} : { secureContext };
  const secure = buildConnector({ allowH2: false, timeout: timeoutMs, ...trust });
  return (target, callback) => {
    const host = target.hostname.startsWith("[") ? target.hostname.slice(1, -1) : target.hostname;
    const range = !allowPrivate && isIP(host) !== 0 ? judgeIp(host, refusedNetworks) : null;
    if (range !== null) {
      process.nextTick(callback, new AddressRefusedError(`${host} is refused: ${range}`), null);
      return;
    }
    const isSecure = target.protocol === "https:";
    const port = target.port === "" ? (isSecure ? "443" : "80") : target.port;
    const authority = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    openTunnel(proxy, authority, { timeoutMs, trust }, (result) => {
      if (result instanceof Error) callback(result, null);
      else if (isSecure) secure({ ...target, hostname: host, httpSocket: result }, callback);
      else callback(null, result);
    });
  };
}

function openTunnel(
  proxy: URL,
  authority: string,
  options: { readonly timeoutMs: number; readonly trust: { readonly secureContext?: SecureContext } },
  done: (result: Socket | Error) => void,
): void {
  let isDone = false;
  const fail = (error: Error): void => {
    if (isDone) return;
    isDone = true;
    done(error);
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
    ...options.trust,
  });
  const timer = setTimeout(() => request.destroy(new ProxyRefusedError("the egress proxy made no connection in time")), options.timeoutMs);
  request.once("connect", (response, socket, head) => {
    clearTimeout(timer);
    const status = response.statusCode ?? 0;
    if (isDone || status < 200 || status > 299) {
      socket.destroy();
      fail(
        status === 403 ? new AddressRefusedError(`the egress proxy refuses ${authority}`) : refusal(`answered ${status} for ${authority}`),
      );
      return;
    }
    isDone = true;
    if (head.length > 0) socket.unshift(head);
    done(socket);
  });
  request.once("error", (error) => {
    clearTimeout(timer);
    fail(error instanceof ProxyRefusedError ? error : refusal(`could not be used: ${error.message}`));
  });
  request.end();
}

function refusal(what: string): ProxyRefusedError {
  return new ProxyRefusedError(`the egress proxy ${what}`);
}
