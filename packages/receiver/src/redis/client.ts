/** Runs one command. */
export type RedisCommand = (command: string, ...args: string[]) => Promise<unknown>;

/** What the kit needs of a Redis client: ioredis (`call`), node-redis (`sendCommand`), or a function for any other. */
export type RedisClient =
  | RedisCommand
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | { sendCommand(args: string[]): Promise<unknown> };

export interface RedisOptions {
  /** What the kit's keys begin with; `genhook:` unless given. */
  readonly keyPrefix?: string | undefined;
  /** How long a processed delivery is remembered, ms; 31 days unless given. */
  readonly rememberMs?: number | undefined;
}

export function commandOf(client: RedisClient): RedisCommand {
  if (typeof client === "function") return client;
  return "call" in client ? (command, ...args) => client.call(command, ...args) : (...args) => client.sendCommand(args);
}

/** The two keys of a delivery; the braces keep them in one slot of a cluster. */
export function keysOf(deliveryId: string, { keyPrefix = "genhook:" }: RedisOptions): readonly [processed: string, lease: string] {
  const key = `${keyPrefix}{${deliveryId}}`;
  return [key, `${key}:lease`];
}
