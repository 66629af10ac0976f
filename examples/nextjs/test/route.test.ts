import { makeSigningSecret, signedRequest } from "@genhook/receiver/testing";
import { afterAll, expect, test, vi } from "vitest";

const signingSecret = await makeSigningSecret();
vi.stubEnv("ORDER_FILE", ":memory:");
const { POST } = await import("../app/webhooks/route.ts");
const { orderDatabase } = await import("../lib/orders.ts");
// As on a server: the secret is there when a request comes, not when the route is built.
vi.stubEnv("SIGNING_SECRET", signingSecret);
afterAll(() => {
  vi.unstubAllEnvs();
});

test("the route takes an order once, and refuses what is not signed", async () => {
  vi.spyOn(console, "warn").mockReturnValue();
  const send = async (more: object = {}): Promise<number> => {
    const options = { topic: "orders/create", deliveryId: "d1", signingSecret, ...more };
    return (await POST(await signedRequest("https://app.example/webhooks", options))).status;
  };
  expect([await send(), await send({ attempt: 2 }), await send({ signingSecret: await makeSigningSecret() })]).toEqual([200, 200, 401]);
  expect(
    orderDatabase()
      .prepare("SELECT id FROM shop_order")
      .all()
      .map(({ id }) => id),
  ).toEqual(["300157930096874"]);
  vi.restoreAllMocks();
});
