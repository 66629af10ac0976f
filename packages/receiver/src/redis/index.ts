export type { RedisClient, RedisCommand, RedisOptions } from "./client.ts";
export { redisInbox, type RedisTransaction } from "./inbox.ts";
export { redisPositions } from "./positions.ts";
export { redisStore } from "./store.ts";
