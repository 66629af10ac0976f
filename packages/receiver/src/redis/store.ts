import type { Claim, DeliveryStore } from "../delivery-store.ts";
import { REMEMBER_MS } from "../limits.ts";
import { commandOf, keysOf, type RedisClient, type RedisOptions } from "./client.ts";

const CLAIM = `if ARGV[3] == '0' and redis.call('EXISTS', KEYS[1]) == 1 then return 'processed' end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 'claimed' end
return 'in_progress'`;

const COMPLETE = `redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
redis.call('DEL', KEYS[2])
return 1`;

const RELEASE = `if redis.call('GET', KEYS[2]) == ARGV[1] then return redis.call('DEL', KEYS[2]) end
return 0`;

/** Remembers deliveries in Redis, for any number of processes; what Redis forgets (eviction, a loss of its disk) is processed again. */
export function redisStore(client: RedisClient, options: RedisOptions = {}): DeliveryStore {
  const command = commandOf(client);
  const rememberMs = String(options.rememberMs ?? REMEMBER_MS);
  const run = (script: string, id: string, ...args: string[]): Promise<unknown> =>
    command("EVAL", script, "2", ...keysOf(id, options), ...args);
  return {
    claim: async (id, token, leaseMs, again) => String(await run(CLAIM, id, token, String(leaseMs), again ? "1" : "0")) as Claim,
    complete: async (id) => {
      await run(COMPLETE, id, rememberMs);
    },
    release: async (id, token) => {
      await run(RELEASE, id, token);
    },
  };
}
