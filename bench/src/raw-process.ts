import { testCertificate } from "@genhook/testkit";
import { CLIENT_SECRET, SIGNING_SECRET } from "./credentials.ts";
import { PAYLOAD, payloadOf } from "./payload.ts";
import { SignedPost } from "./signed-post.ts";

/**
 * The ceiling: undici sending the same payload with the same headers and both HMACs to the same receiver, over as many connections, with
 * nothing else to do. No store, no scheduling, no log.
 */
const [origin = "", path = "", countText = "", connectionsText = "", bytesText = ""] = process.argv.slice(2);
const count = Number(countText);
const bytes = Number(bytesText);
const body = Buffer.from(bytes === PAYLOAD.length ? PAYLOAD : payloadOf(bytes));
const { ca } = testCertificate;
const post = new SignedPost({
  origin,
  path,
  ca,
  connections: Number(connectionsText),
  clientSecret: CLIENT_SECRET,
  signingSecret: SIGNING_SECRET,
});
let started = 0;
let finished = 0;
// Not what it took to load this program.
const cpuBefore = process.cpuUsage();
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
    const { user, system } = process.cpuUsage(cpuBefore);
    process.send?.({ kind: "done", seconds, cpuSeconds: (user + system) / 1e6 });
    process.disconnect();
    void post.close();
  });
}

for (let connection = 0; connection < Number(connectionsText); connection += 1) next();
process.on("disconnect", () => {
  if (finished < count) process.exit(1);
});
