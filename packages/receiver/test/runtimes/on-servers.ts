// For Node, Deno and Bun: the portable checks, and a real server of `node:http`. Prints the outcome as JSON.
import { createServer } from "node:http";
import { nodeReceiver } from "../../src/adapters/node.ts";
import { signedDelivery } from "../../src/testing/index.ts";
import { portableChecks, runChecks, same } from "./program.ts";

async function servesHttp(): Promise<void> {
  const topics: string[] = [];
  const receiver = nodeReceiver({
    clientSecret: "client",
    bodyBytesMax: 2_000,
    onEvent: (event) => topics.push(event.topic),
    onRefused: () => undefined,
  });
  const server = createServer((request, response) => void receiver(request, response));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as { port: number };
  const send = async (method: string, more: object = {}, suffix = ""): Promise<number> => {
    const { headers, body } = await signedDelivery({ topic: "orders/create", clientSecret: "client", ...more });
    const text = new TextDecoder().decode(body) + suffix;
    return (await fetch(`http://127.0.0.1:${port}/`, { method, headers, ...(method === "GET" ? {} : { body: text }) })).status;
  };
  same(
    [
      await send("POST"),
      await send("POST", {}, " "),
      await send("GET"),
      await send("POST", { payload: "x".repeat(3_000) }),
      await send("POST"),
    ],
    [200, 401, 405, 413, 200],
  );
  same(topics, ["orders/create", "orders/create"]);
  server.close();
}

async function parsedBefore(): Promise<void> {
  const refused: string[] = [];
  const receiver = nodeReceiver({ clientSecret: "client", onEvent: () => undefined, onRefused: ({ reason }) => refused.push(reason) });
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => void receiver(request, response));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as { port: number };
  const { headers, body } = await signedDelivery({ topic: "orders/create", clientSecret: "client" });
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", headers, body: new TextDecoder().decode(body) });
  same([answer.status, refused], [500, ["body_already_parsed"]]);
  server.close();
}

const outcome = await runChecks([
  ...portableChecks(),
  ["serves over node:http", servesHttp],
  ["notices a parser over node:http", parsedBefore],
]);
console.log(JSON.stringify(outcome));
process.exit(outcome.failed.length === 0 ? 0 : 1);
