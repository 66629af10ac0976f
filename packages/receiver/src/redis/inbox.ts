import type { Inbox } from "../inbox.ts";
import { REMEMBER_MS } from "../limits.ts";
import { isWantedAgain } from "../process-once.ts";
import { commandOf, keysOf, type RedisClient, type RedisOptions } from "./client.ts";

/** Collects what the work writes; nothing is sent before the work has ended. */
export interface RedisTransaction {
  /** One command and its arguments: `add("HSET", "order:1", "total", "9.90")`. */
  add(command: string, ...args: (string | number)[]): void;
}

/**
 * The mark comes last: a command that Redis refuses (a wrong type, say) ends the script before it, and the delivery is not taken for processed.
 * What stands before the refused command has then been done, for Redis rolls nothing back.
 */
const COMMIT = `if ARGV[2] == '0' and redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for index = 3, #ARGV do redis.call(unpack(cjson.decode(ARGV[index]))) end
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return 1`;

/**
 * An inbox in Redis: the work adds commands, which run with the mark in one script, so that neither a crash nor another process comes between
 * them. As durable as that Redis is (`appendfsync always`, or what you can spare). In a cluster every key must be in the delivery's slot.
 */
export function redisInbox(client: RedisClient, options: RedisOptions = {}): Inbox<RedisTransaction> {
  const command = commandOf(client);
  const rememberMs = String(options.rememberMs ?? REMEMBER_MS);
  return {
    async process(event, work, replays = {}) {
      const [processedKey] = keysOf(event.deliveryId, options);
      const again = isWantedAgain(event, replays);
      if (!again && Number(await command("EXISTS", processedKey)) === 1) return "duplicate";
      const commands: string[] = [];
      await work({ add: (name, ...args) => void commands.push(JSON.stringify([name, ...args.map(String)])) });
      const done = await command("EVAL", COMMIT, "1", processedKey, rememberMs, again ? "1" : "0", ...commands);
      return Number(done) === 1 ? "processed" : "duplicate";
    },
  };
}
