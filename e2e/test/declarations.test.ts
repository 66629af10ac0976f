import { afterEach, beforeEach, expect, test } from "vitest";
import { call, makeFolder, ServerProcess } from "../src/server-process.ts";

let folder = makeFolder();
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => folder.remove());

const SHOPS = 160;
interface AppAnswer {
  readonly app: {
    readonly clientId: string;
    readonly declaration: { readonly version: number; readonly installations: number; readonly done: number };
  };
}

test("a server killed again and again while a changed declaration reaches its installations: each has it once in the end", async () => {
  const start = async (): Promise<{ readonly server: ServerProcess; readonly origin: string }> => {
    const server = new ServerProcess(["serve", "--port", "0", "--data", folder.path]);
    return { server, origin: await server.listening() };
  };
  let { server, origin } = await start();
  const { app } = await call<AppAnswer>(origin, "POST", "/platform/v1/apps", { name: "app" });
  const path = `/platform/v1/apps/${app.clientId}`;
  const tokens: string[] = [];
  for (let index = 0; index < SHOPS; index += 1) {
    const shop = `shop-${index}.genmystore.com`;
    await call(origin, "PUT", `/platform/v1/shops/${shop}`, {});
    const put = await call<{ installation: { accessToken: string } }>(origin, "PUT", `/platform/v1/installations/${app.clientId}/${shop}`, {
      scopes: ["read_orders", "write_apps"],
    });
    tokens.push(put.installation.accessToken);
  }
  const declared = (version: number): unknown => ({
    webhooks: [{ topic: "orders/create", address: `https://app.example.com/v${version}` }],
  });
  const seen: number[] = [];
  for (let version = 2; version < 6; version += 1) {
    const put = await call<AppAnswer>(origin, "PUT", path, declared(version));
    expect(put.app.declaration.version).toBe(version);
    server.kill("SIGKILL");
    await server.exited;
    ({ server, origin } = await start());
    seen.push((await call<AppAnswer>(origin, "GET", path)).app.declaration.done);
  }
  for (;;) {
    const { declaration } = (await call<AppAnswer>(origin, "GET", path)).app;
    expect(declaration.installations).toBe(SHOPS);
    if (declaration.done === SHOPS) break;
  }
  const webhooks = await Promise.all(
    tokens.map((token) => call<{ webhooks: { address: string }[] }>(origin, "GET", "/api/202412/app/webhooks", undefined, token)),
  );
  expect(new Set(webhooks.map((answer) => answer.webhooks.map(({ address }) => address).join()))).toEqual(
    new Set(["https://app.example.com/v5"]),
  );
  console.log(`declarations: installations done right after each kill and start: ${seen.join(", ")} of ${SHOPS}`);
  server.kill("SIGTERM");
  expect((await server.exited).code).toBe(0);
});
