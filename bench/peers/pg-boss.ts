import { PgBoss } from "pg-boss";
import { runPeer } from "./peer.ts";

const WORKERS = 4;

/** Batches that are fetched without a pause while they come back full; each delivery settled by its own result. */
await runPeer(async ({ store, payload, connections }) => {
  const boss = new PgBoss({ connectionString: store, max: 8 });
  boss.on("error", (error) => console.error(error));
  await boss.start();
  if ((await boss.getQueue("deliveries")) === null) {
    await boss.createQueue("deliveries", { retryLimit: 7, retryDelay: 10, retryBackoff: true });
  }
  return {
    insert: async (first, count) => {
      await boss.insert(
        "deliveries",
        Array.from({ length: count }, (_, index) => ({ data: { n: first + index, payload } })),
      );
    },
    deliver: async (post) => {
      // Four workers with a batch each: while one settles, the others send.
      const options = { batchSize: connections, localConcurrency: WORKERS, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
      await boss.work<{ n: number; payload: string }>("deliveries", options, async (tasks) => {
        await Promise.all(tasks.map(({ data }) => post(data.n, data.payload)));
      });
      return () => boss.offWork("deliveries");
    },
    left: async () => {
      const result = await boss
        .getDb()
        .executeSql("SELECT count(*)::int AS left FROM pgboss.job WHERE name = 'deliveries' AND state IN ('created', 'retry', 'active')");
      return result.rows[0].left;
    },
    close: () => boss.stop({ graceful: true }),
  };
});
