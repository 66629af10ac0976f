// What the client promises on every runtime, checked with nothing but what every runtime has. Bundled, and run on each.
import { runChecks, same, type Outcome } from "../../../receiver/test/runtimes/program.ts";
import { GenhookClient, PublishError } from "../../src/index.ts";
import { ModelServer, order } from "../model-server.ts";

function clientOf(server: ModelServer): GenhookClient {
  return new GenhookClient({ origin: "http://model.example", key: "a-key", fetch: server.fetch });
}

async function publishesOnce(): Promise<void> {
  const server = new ModelServer();
  server.fates = ["answer lost", "half done", "overloaded", "too large"];
  const publisher = clientOf(server).publisher({ batchEventsMax: 8, inFlightMax: 2, queueEventsMax: 10 });
  const published = await Promise.all(Array.from({ length: 30 }, (_, n) => publisher.publish(order(n))));
  await publisher.close();
  same(new Set(published.map(({ id }) => id)).size, 30);
  same(server.events.size, 30);
  same(publisher.progress.failed, 0);
}

async function readsPages(): Promise<void> {
  const pages = [["a", "b"], ["c"]];
  const client = new GenhookClient({
    origin: "http://model.example",
    accessToken: "a-token",
    fetch: () => {
      const shops = (pages.shift() ?? []).map((domain) => ({ domain }));
      const headers = pages.length > 0 ? { Link: '<http://x/?pageToken=next>; rel="next"' } : {};
      return Promise.resolve(Response.json({ shops }, { headers }));
    },
  });
  const domains: string[] = [];
  for await (const { domain } of client.entries("listShops")) domains.push(domain);
  same(domains, ["a", "b", "c"]);
}

async function endsWithASignal(): Promise<void> {
  const server = new ModelServer();
  server.gate = new Promise(() => undefined);
  const publisher = clientOf(server).publisher({ lingerMs: 0 });
  const publishing = publisher.publish(order(1)).catch((error: unknown) => error);
  await publisher.close({ signal: AbortSignal.abort() });
  const error = await publishing;
  same(error instanceof PublishError ? error.code : String(error), "closed");
}

/** The runtime's own fetch, to where nobody listens. */
async function saysThatNobodyAnswers(): Promise<void> {
  const client = new GenhookClient({ origin: "http://127.0.0.1:1", key: "a-key", retry: { attemptsMax: 1, waitMaxMs: 0 } });
  const error = await client.publish(order(1)).catch((thrown: unknown) => thrown);
  same(error instanceof PublishError ? [error.code, error.isKnown] : String(error), ["unreachable", false]);
}

export function runClientChecks(): Promise<Outcome> {
  return runChecks([
    ["publishes once, whatever is lost", publishesOnce],
    ["reads pages", readsPages],
    ["ends with a signal", endsWithASignal],
    ["says that nobody answers", saysThatNobodyAnswers],
  ]);
}
