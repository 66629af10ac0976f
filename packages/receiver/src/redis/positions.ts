import type { PositionStore } from "../sequence/position-store.ts";
import { commandOf, type RedisClient, type RedisOptions } from "./client.ts";

const SWAP = `local now = redis.call('GET', KEYS[1])
if (ARGV[1] == '0' and not now) or (ARGV[1] == '1' and now == ARGV[2]) then
  redis.call('SET', KEYS[1], ARGV[3])
  return 1
end
return 0`;

/** Keeps a gap detector's positions in Redis, without an end. */
export function redisPositions(client: RedisClient, options: RedisOptions = {}): PositionStore {
  const command = commandOf(client);
  const keyOf = (key: string): string => `${options.keyPrefix ?? "genhook:"}position:${key}`;
  return {
    async read(key) {
      const text = await command("GET", keyOf(key));
      if (typeof text !== "string" && text !== null) throw new TypeError("The Redis client must answer GET with text or null");
      return text;
    },
    async swap(key, before, after) {
      return Number(await command("EVAL", SWAP, "1", keyOf(key), before === null ? "0" : "1", before ?? "", after)) === 1;
    },
  };
}
