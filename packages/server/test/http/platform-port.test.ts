import { ROUTES, sideOf } from "@genhook/contract";
import { afterEach, expect, test } from "vitest";
import { resolveSettings } from "../../src/index.ts";
import { Harness, KEY, SHOP } from "../harness.ts";

const h = new Harness();

afterEach(() => h.stop());

test("with a port of its own, the platform's calls are there and nowhere else, and the App API is not", async () => {
  await h.start({ "platform-port": "0" });
  const { origin = "", platformOrigin = "" } = h.genhook ?? {};
  expect(platformOrigin).not.toBe(origin);
  for (const route of ROUTES) {
    const path = route.path.replace(":version", "202412").replaceAll(/:\w+/g, "x");
    const [there, elsewhere] = sideOf(route) === "public" ? [origin, platformOrigin] : [platformOrigin, origin];
    const init = { method: route.method, headers: { Authorization: `Bearer ${KEY}` } };
    const stranger = await fetch(elsewhere + path, init);
    expect([route.operation, stranger.status, ((await stranger.json()) as { error: string }).error]).toEqual([
      route.operation,
      404,
      expect.stringContaining("nothing at this path") as string,
    ]);
    // Another method of a path that is served is 405 there, and still nothing elsewhere.
    expect([route.operation, (await fetch(there + path, { method: "PATCH" })).status]).not.toEqual([route.operation, 404]);
    expect([route.operation, (await fetch(elsewhere + path, { method: "PATCH" })).status]).toEqual([route.operation, 404]);
  }
  h.origin = platformOrigin;
  const app = await h.install({}, SHOP);
  h.origin = origin;
  expect((await h.call("GET", "/api/202412/app/webhooks", undefined, { token: app.token })).status).toBe(200);
  expect((await fetch(`${platformOrigin}/readyz`)).status).toBe(200);
});

test("a port that is taken is said by its flag's name, and nothing stays open", async () => {
  await h.start();
  const taken = new URL(h.origin).port;
  const other = new Harness();
  await expect(other.start({ "platform-port": taken })).rejects.toMatchObject({ code: "EADDRINUSE", port: Number(taken) });
  await other.stop();
  expect(resolveSettings({ port: "8080", "platform-port": "8080" }, {})).toMatchObject({
    ok: false,
    errors: ["--platform-port must be another port than --port, or be left out."],
  });
});
