import { Logger, makeWorkerUtils, run } from "graphile-worker";
import pg from "pg";
import { runPeer } from "./peer.ts";

const quiet = new Logger(() => (level, message) => {
  if (level === "error") console.error(message);
});

/** With everything that its page on performance advises: a local queue, completions in batches, as many at a time as there are connections. */
await runPeer(async ({ store, payload, connections }) => {
  const pgPool = new pg.Pool({ connectionString: store, max: 20 });
  pgPool.on("error", (error) => console.error(error));
  pgPool.on("connect", (client) => client.on("error", (error) => console.error(error)));
  const utils = await makeWorkerUtils({ pgPool, logger: quiet });
  await utils.migrate();
  return {
    insert: async (first, count) => {
      await utils.addJobs(
        Array.from({ length: count }, (_, index) => ({ identifier: "delivery", payload: { n: first + index, payload }, maxAttempts: 8 })),
      );
    },
    deliver: async (post) => {
      const runner = await run({
        pgPool,
        noHandleSignals: true,
        taskList: { delivery: (data) => post(data.n, data.payload) },
        preset: {
          worker: {
            logger: quiet,
            concurrentJobs: connections,
            pollInterval: 100,
            localQueue: { size: 500 },
            completeJobBatchDelay: 5,
            failJobBatchDelay: 5,
          },
        },
      });
      return () => runner.stop();
    },
    left: async () => {
      const { rows } = await pgPool.query("SELECT count(*)::int AS left FROM graphile_worker._private_jobs");
      return rows[0].left;
    },
    close: async () => {
      await utils.release();
      await pgPool.end();
    },
  };
});
