import { connect as connectPlainly, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectOverTls, type SecureContext, type TLSSocket } from "node:tls";

/** Where connections go: scheme, host and port of an address. */
export interface Origin {
  readonly isSecure: boolean;
  /** A name, or an IP address without brackets. */
  readonly host: string;
  readonly port: number;
}

/**
 * Opens a connection, with TLS where the origin asks for it. `done` is called once, never before the call has returned, and not at all once
 * the returned function was called, which gives up.
 */
export type Dial = (origin: Origin, done: (result: Socket | Error) => void) => () => void;

/** Sessions kept for resuming, of the hosts that were connected to last. */
const SESSIONS_MAX = 100;
/** After this long without a word TCP asks whether the other side is still there. */
const KEEP_ALIVE_AFTER_MS = 60_000;

/** Connects the socket. Names are resolved by `lookup` alone. */
export function dialPlainly(origin: Origin, lookup: LookupFunction, done: (result: Socket | Error) => void): () => void {
  const socket = connectPlainly({ host: origin.host, port: origin.port, lookup });
  return untilConnected(socket, "connect", done);
}

/** TLS with sessions that are resumed; over a socket that is there already, or one that it connects. */
export class TlsDialler {
  readonly #secureContext: SecureContext | null;
  readonly #sessions = new Map<string, Buffer>();

  /** `secureContext`: null for what Node trusts by itself. */
  constructor(secureContext: SecureContext | null) {
    this.#secureContext = secureContext;
  }

  dial(
    origin: Origin,
    over: { readonly lookup: LookupFunction } | { readonly socket: Socket },
    done: (result: Socket | Error) => void,
  ): () => void {
    const { host, port } = origin;
    const key = `${host}:${port}`;
    const session = this.#sessions.get(key);
    const socket: TLSSocket = connectOverTls({
      host,
      port,
      ...over,
      // An IP address is not named to the other side (RFC 6066 3); the certificate is checked against it all the same.
      servername: isIP(host) === 0 ? host : "",
      ALPNProtocols: ["http/1.1"],
      ...(session === undefined ? {} : { session }),
      ...(this.#secureContext === null ? {} : { secureContext: this.#secureContext }),
    });
    socket.on("session", (made: Buffer) => this.#keep(key, made));
    return untilConnected(socket, "secureConnect", done);
  }

  #keep(key: string, session: Buffer): void {
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    if (this.#sessions.size <= SESSIONS_MAX) return;
    for (const oldest of this.#sessions.keys()) {
      this.#sessions.delete(oldest);
      return;
    }
  }
}

function untilConnected(socket: Socket, event: "connect" | "secureConnect", done: (result: Socket | Error) => void): () => void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
  const connected = (): void => {
    socket.off("error", failed);
    done(socket);
  };
  const failed = (error: Error): void => {
    socket.off(event, connected);
    // A socket that is given up may fail once more.
    socket.on("error", ignore);
    done(error);
  };
  socket.once(event, connected);
  socket.once("error", failed);
  return () => {
    socket.off(event, connected);
    socket.off("error", failed);
    socket.on("error", ignore);
    socket.destroy();
  };
}

function ignore(): void {}
