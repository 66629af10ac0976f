/**
 * What size does to speed: `npm run bench:size` (options: `--json --rounds 5 --events 10000 --connections 64 --pending 1000000 --webhooks 100000
 * --parts publish,pending,webhooks,fan-out,payload,tls`). On embedded files; what is compared is measured in turns.
 */
import { parseArgs } from "node:util";
import { withEndings } from "./endings.ts";
import { Receiver } from "./processes.ts";
import { SIZE_PARTS, type SizeAsked } from "./size-parts.ts";
import { Telling } from "./telling.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    events: { type: "string", default: "10000" },
    connections: { type: "string", default: "64" },
    pending: { type: "string", default: "1000000" },
    webhooks: { type: "string", default: "100000" },
    parts: { type: "string", default: Object.keys(SIZE_PARTS).join(",") },
  },
});

const asked: SizeAsked = {
  rounds: Number(values.rounds),
  events: Number(values.events),
  connections: Number(values.connections),
  pending: Number(values.pending),
  webhooks: Number(values.webhooks),
};
const telling = new Telling(values.json);
for (const [part, measure] of Object.entries(SIZE_PARTS)) {
  if (!values.parts.split(",").includes(part)) continue;
  await withEndings(async (atEnd) => {
    const receiver = new Receiver(part === "tls" ? "https" : "http");
    atEnd(() => receiver.child.kill());
    await receiver.start();
    await measure({ ...asked, receiver, telling, atEnd });
  });
}
telling.end({ bench: "size", ...asked });
