import { createServer } from "node:http";
import { memoryStore, type WebhookEvent } from "@genhook/receiver";
import { nodeReceiver } from "@genhook/receiver/node";
import { listenLocally, type LocalServer } from "./local-server.ts";

export interface DemoAppOptions {
  readonly clientSecret: string;
  readonly signingSecret: string;
  /** A genuine event that was not seen before. */
  readonly onEvent: (path: string, event: WebhookEvent) => void;
  readonly onRefused: (reason: string) => void;
  /** Whether the flaky endpoint fails this attempt. */
  readonly fails: (event: WebhookEvent) => boolean;
}

export const GOOD_PATH = "/webhooks";
export const FLAKY_PATH = "/flaky";

/** An app as a developer would write it with the receiver kit: verify, deduplicate, work. Its second endpoint fails on purpose. */
export async function startDemoApp(options: DemoAppOptions): Promise<LocalServer> {
  const { clientSecret, signingSecret, onEvent, onRefused, fails } = options;
  const store = memoryStore();
  const receiverAt = (path: string): ReturnType<typeof nodeReceiver> =>
    nodeReceiver({
      clientSecret,
      signingSecret,
      store,
      onRefused: (error) => onRefused(error.reason),
      onError: () => undefined,
      onEvent: (event) => {
        if (path === FLAKY_PATH && fails(event)) throw new Error("failing on purpose");
        onEvent(path, event);
      },
    });
  const good = receiverAt(GOOD_PATH);
  const flaky = receiverAt(FLAKY_PATH);
  const server = createServer((request, response) => {
    // An address may have a query: the path alone decides.
    const path = request.url?.replace(/\?.*$/s, "");
    const receiver = path === GOOD_PATH ? good : path === FLAKY_PATH ? flaky : null;
    if (receiver === null) response.writeHead(404).end();
    else void receiver(request, response);
  });
  return listenLocally(server);
}
