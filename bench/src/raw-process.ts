import { SignedPost } from "./signed-post.ts";

/**
 * The ceiling: undici sending the same payload with the same headers and both HMACs to the same receiver, over as many connections, with
 * nothing else to do. No store, no scheduling, no log.
 */
const [origin = "", countText = "", connectionsText = "", clientSecret = "", signingSecret = "", payload = ""] = process.argv.slice(2);
const count = Number(countText);
const body = Buffer.from(payload);
const post = new SignedPost({ origin, connections: Number(connectionsText), clientSecret, signingSecret });
let started = 0;
let finished = 0;
const startedAt = process.hrtime.bigint();

function next(): void {
  if (started >= count) return;
  started += 1;
  post.send(started, body, (error) => {
    if (error !== undefined) throw error;
    finished += 1;
    if (finished < count) {
      next();
      return;
    }
    const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
    const { user, system } = process.cpuUsage();
    process.send?.({ kind: "done", seconds, cpuSeconds: (user + system) / 1e6 });
    process.disconnect();
    void post.close();
  });
}

for (let connection = 0; connection < Number(connectionsText); connection += 1) next();
