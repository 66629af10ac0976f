import { connect, credsAuthenticator, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import { readAuthorities } from "../brokers/authorities.ts";
import { BrokerError } from "../brokers/broker-error.ts";

export interface NatsConnectionOptions {
  /** `nats://user:password@host:4222` or `tls://…`, several with commas between. A token stands where the user does. */
  readonly servers: string;
  /** What a `.creds` file holds. */
  readonly credentials?: string | undefined;
  /** A file with the authorities that servers' certificates may be of, instead of the usual ones. */
  readonly caFile?: string | undefined;
}

/** Connects once, and from then on comes back by itself for as long as it takes. Rejects with a `BrokerError`. */
export async function connectNats({ servers, credentials, caFile }: NatsConnectionOptions): Promise<NatsConnection> {
  const urls = servers.split(",").map((text) => {
    const trimmed = text.trim();
    if (!/^(?:nats|tls):\/\/[^\s/]+\/?$/.test(trimmed) || !URL.canParse(trimmed))
      throw new BrokerError("misconfigured", "the server must be a URL such as nats://host:4222");
    return new URL(trimmed);
  });
  const [{ username, password } = { username: "", password: "" }] = urls;
  const isTls = urls.some(({ protocol }) => protocol === "tls:") || caFile !== undefined;
  const options: NodeConnectionOptions = {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port === "" ? "4222" : port}`),
    name: "genhook source",
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    ...(username === ""
      ? {}
      : password === ""
        ? { token: decodeURIComponent(username) }
        : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }),
    ...(credentials === undefined ? {} : { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) }),
    ...(isTls ? { tls: caFile === undefined ? {} : { ca: readAuthorities(caFile) } } : {}),
  };
  try {
    return await connect(options);
  } catch (error) {
    throw new BrokerError("unreachable", `NATS cannot be reached: ${error instanceof Error ? error.message : String(error)}`);
  }
}
