import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { fileURLToPath } from "node:url";
import { KEY } from "./server-process.ts";

/** Makes a server note its turns in a file. */
export function watchingTurns(file: string): Readonly<Record<string, string>> {
  writeFileSync(file, "");
  return { GENHOOK_TEST_TURNS_FILE: file, NODE_OPTIONS: `--import=${fileURLToPath(new URL("./turn-watch.ts", import.meta.url))}` };
}

/** The longest turn of the server's event loop while something was done, in ms of processor time. */
export async function longestTurn(file: string, origin: string, during: () => Promise<unknown>): Promise<number> {
  writeFileSync(file, "");
  await during();
  // A turn that is answered is over: so is everything before it, and its note.
  for (let n = 0; n < 5; n += 1) await (await fetch(`${origin}/healthz`)).arrayBuffer();
  return Math.max(0, ...readFileSync(file, "utf8").split("\n").map(Number));
}

/** Sends a body as it is and answers the status; 0 where the connection was cut before there was one. */
export function send(origin: string, path: string, type: string, body: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(origin);
    const headers = { Authorization: `Bearer ${KEY}`, "Content-Type": type, "Content-Length": body.length };
    let status = 0;
    const sent = request({ hostname, port, path, method: "POST", headers }, (response) => {
      status = response.statusCode ?? 0;
      response.on("data", () => undefined);
      response.on("close", () => resolve(status));
    });
    sent.on("error", () => resolve(status));
    sent.end(body);
  });
}
