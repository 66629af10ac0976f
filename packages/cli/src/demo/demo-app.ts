import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { memoryStore, type WebhookEvent } from "@genhook/receiver";
import { nodeReceiver } from "@genhook/receiver/node";

export interface DemoAppOptions {
  readonly clientSecret: string;
  readonly signingSecret: string;
  /** A genuine event that was not seen before. */
  readonly onEvent: (path: string, event: WebhookEvent) => void;
  readonly onRefused: (reason: string) => void;
  /** Whether the flaky endpoint fails this attempt. */
  readonly fails: (event: WebhookEvent) => boolean;
}

export interface DemoApp {
  readonly origin: string;
  close(): Promise<void>;
}

export const GOOD_PATH = "/webhooks";
export const FLAKY_PATH = "/flaky";

/** An app as a developer would write it with the receiver kit: verify, deduplicate, work. Its second endpoint fails on purpose. */
export async function startDemoApp(options: DemoAppOptions): Promise<DemoApp> {
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
  const server: Server = createServer((request, response) => {
    const receiver = request.url === GOOD_PATH ? good : request.url === FLAKY_PATH ? flaky : null;
    if (receiver === null) response.writeHead(404).end();
    else void receiver(request, response);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
