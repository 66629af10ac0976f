import { createHmac, createSecretKey } from "node:crypto";
import { Agent } from "undici";

/**
 * The ceiling: undici sending the same payload with the same headers and both HMACs to the same receiver, over as many connections, with
 * nothing else to do. No store, no scheduling, no log.
 */
const [origin = "", countText = "", connectionsText = "", clientSecret = "", signingSecret = "", payload = ""] = process.argv.slice(2);
const count = Number(countText);
const body = Buffer.from(payload);
const key = createSecretKey(Buffer.from(signingSecret.slice("whsec_".length), "base64"));
const agent = new Agent({ connections: Number(connectionsText), pipelining: 1, allowH2: false });
let started = 0;
let finished = 0;
const startedAt = process.hrtime.bigint();

function next(): void {
  if (started >= count) return;
  started += 1;
  const id = `dlv_${String(started).padStart(32, "0")}_1`;
  const timestamp = Math.floor(Date.now() / 1000);
  const headers = [
    "content-type",
    "application/json",
    "user-agent",
    "Genhook/raw",
    "accept",
    "*/*",
    "accept-encoding",
    "identity",
    "X-Genstore-Topic",
    "orders/create",
    "X-Genstore-Hmac-Sha256",
    createHmac("sha256", clientSecret).update(body).digest("base64"),
    "X-Genstore-Shop-Domain",
    "suns-shop.genmystore.com",
    "X-Genstore-API-Version",
    "202412",
    "X-Genstore-Webhook-Id",
    "8589934859",
    "X-Genstore-Triggered-At",
    "2024-12-30T23:59:59.000000000Z",
    "X-Genstore-Event-Id",
    "0193f0a0-b1c2-7000-8000-00000000abcd",
    "X-Genstore-Attempt",
    "1",
    "webhook-id",
    id,
    "webhook-timestamp",
    String(timestamp),
    "webhook-signature",
    `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`,
  ];
  agent.dispatch(
    { origin, path: "/hooks", method: "POST", headers, body },
    {
      onRequestStart: () => undefined,
      onResponseStart: () => undefined,
      onResponseData: () => undefined,
      onResponseEnd: () => {
        finished += 1;
        if (finished === count) {
          const seconds = Number(process.hrtime.bigint() - startedAt) / 1e9;
          const { user, system } = process.cpuUsage();
          process.send?.({ kind: "done", seconds, cpuSeconds: (user + system) / 1e6 });
          process.disconnect();
          void agent.close();
        } else {
          next();
        }
      },
      onResponseError: (_, error) => {
        throw error;
      },
    },
  );
}

for (let connection = 0; connection < Number(connectionsText); connection += 1) next();
