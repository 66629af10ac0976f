import { redisMissing, startRedis, type ThrowAwayRedis } from "@genhook/testkit";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redisInbox, redisPositions, redisStore, type RedisTransaction } from "../../src/redis/index.ts";
import { describeInbox } from "./inbox-conformance.ts";
import { describeDeliveryStore, describePositionStore, eventOf, type StoreCase } from "./store-conformance.ts";

const newNodeRedis = (path: string) => createClient({ url: `unix://${path}` });

describe.skipIf(redisMissing !== null)(`Redis${redisMissing === null ? "" : `: ${redisMissing}`}`, () => {
  let server: ThrowAwayRedis;
  let io: Redis;
  let nodeRedis: ReturnType<typeof newNodeRedis>;
  beforeAll(async () => {
    server = await startRedis();
    io = new Redis(server.path);
    nodeRedis = newNodeRedis(server.path);
    await nodeRedis.connect();
  });
  afterAll(async () => {
    io.disconnect();
    nodeRedis.destroy();
    await server.close();
  });

  // One door is ioredis and the other node-redis: what one writes the other must understand.
  const shared: StoreCase = {
    open: ({ rememberMs, prefix }) => {
      const options = { rememberMs, keyPrefix: prefix };
      return [redisStore(io, options), redisStore(nodeRedis, options)];
    },
    positions: () => [redisPositions(io), redisPositions(nodeRedis)],
    count: async (prefix) => (await io.keys(`${prefix}*`)).length,
    passTime: () => undefined,
  };

  describe("deliveries", () => {
    describeDeliveryStore(shared);
  });
  describe("positions", () => {
    describePositionStore(shared);
  });

  const countUp = (transaction: RedisTransaction, key: string): void => transaction.add("INCR", key);
  const read = async (key: string): Promise<number> => Number((await io.get(key)) ?? 0);

  describe("inbox, through ioredis", () => {
    describeInbox(() => ({ inbox: redisInbox(io), countUp, read, victim: ["redis", server.path] }));
  });

  describe("inbox, through node-redis", () => {
    describeInbox(() => ({ inbox: redisInbox(nodeRedis), countUp, read, victim: ["redis", server.path] }));
  });

  test("any client will do, as a function", async () => {
    const store = redisStore((command, ...args) => io.call(command, ...args));
    const { deliveryId } = eventOf();
    expect(await store.claim(deliveryId, "t", 1_000, false)).toBe("claimed");
    await store.complete(deliveryId, "t");
    expect(await store.claim(deliveryId, "t", 1_000, false)).toBe("processed");
  });

  test("many commands, any text, in their order", async () => {
    const event = eventOf();
    await redisInbox(io).process(event, (transaction) => {
      for (let n = 0; n < 500; n += 1) transaction.add("RPUSH", `list-${event.eventId}`, n);
      transaction.add("SET", `text-${event.eventId}`, 'ümlaut 🎉 "quoted" \\ \n');
    });
    expect((await io.lrange(`list-${event.eventId}`, 0, -1)).map(Number)).toEqual(Array.from({ length: 500 }, (_, n) => n));
    expect(await io.get(`text-${event.eventId}`)).toBe('ümlaut 🎉 "quoted" \\ \n');
  });

  test("a command that Redis refuses leaves the delivery unprocessed, so that it comes again", async () => {
    const event = eventOf();
    const inbox = redisInbox(io);
    await io.set(`text-${event.eventId}`, "not a list");
    const failing = inbox.process(event, (transaction) => transaction.add("RPUSH", `text-${event.eventId}`, 1));
    await expect(failing).rejects.toThrow("WRONGTYPE");
    expect(await inbox.process(event, () => undefined)).toBe("processed");
  });

  test("what was processed is remembered with an end, what is claimed with its lease", async () => {
    const { deliveryId } = eventOf();
    const store = redisStore(io, { keyPrefix: "ttl:", rememberMs: 60_000 });
    await store.claim(deliveryId, "t", 5_000, false);
    const [lease = ""] = await io.keys("ttl:*");
    expect(await io.pttl(lease)).toBeLessThanOrEqual(5_000);
    await store.complete(deliveryId, "t");
    const [mark = ""] = await io.keys("ttl:*");
    expect(mark).not.toBe(lease);
    expect(await io.pttl(mark)).toBeGreaterThan(5_000);
  });
});
