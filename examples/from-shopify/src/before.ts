import { createHmac, timingSafeEqual } from "node:crypto";
import express, { type Express } from "express";

export type Work = (topic: string, shop: string, payload: unknown) => void;

/** A receiver as many apps have it, by hand: checks the body's HMAC and passes the payload on. */
export function webhookApp(secret: string, work: Work): Express {
  const app = express();
  app.post("/webhooks", express.raw({ type: "application/json" }), (request, response) => {
    const body = request.body as Buffer;
    const expected = createHmac("sha256", secret).update(body).digest();
    const given = Buffer.from(request.get("X-Shopify-Hmac-Sha256") ?? "", "base64");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return void response.sendStatus(401);
    work(request.get("X-Shopify-Topic") ?? "", request.get("X-Shopify-Shop-Domain") ?? "", JSON.parse(body.toString("utf8")));
    return void response.sendStatus(200);
  });
  return app;
}
