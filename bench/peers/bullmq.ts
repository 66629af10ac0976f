import { Queue, Worker } from "bullmq";
import { runPeer } from "./peer.ts";

/** Redis over its socket, finished deliveries removed at once, as many at a time as there are connections. */
await runPeer(async ({ store, payload, connections }) => {
  const connection = { path: store, maxRetriesPerRequest: null };
  const queue = new Queue("deliveries", {
    connection,
    defaultJobOptions: { attempts: 8, backoff: { type: "exponential", delay: 10_000 }, removeOnComplete: true },
  });
  await queue.waitUntilReady();
  return {
    insert: async (first, count) => {
      await queue.addBulk(Array.from({ length: count }, (_, index) => ({ name: "delivery", data: { n: first + index, payload } })));
    },
    deliver: async (post) => {
      const worker = new Worker("deliveries", (task) => post(task.data.n, task.data.payload), { connection, concurrency: connections });
      await worker.waitUntilReady();
      return () => worker.close();
    },
    left: async () => {
      const counts = await queue.getJobCounts("waiting", "active", "delayed", "prioritized");
      return Object.values(counts).reduce((sum, each) => sum + each, 0);
    },
    close: () => queue.close(),
  };
});
