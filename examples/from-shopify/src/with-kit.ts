import { memoryStore } from "@genhook/receiver";
import { expressReceiver } from "@genhook/receiver/express";
import express, { type Express } from "express";
import type { Work } from "./before.ts";

/** The same with the kit: what arrives twice is processed once, what was recorded and is sent again is refused. */
export function webhookApp(signingSecret: string, work: Work): Express {
  const app = express();
  app.post(
    "/webhooks",
    expressReceiver({
      signingSecret,
      store: memoryStore(),
      onEvent: (event) => work(event.topic, event.shopDomain, event.payload),
    }),
  );
  return app;
}
