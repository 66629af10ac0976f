import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PortalBuild } from "../build/portal-build.ts";
import { findChromium, findViolations, launch, openPage, signIn } from "./browser.ts";
import { KEY, SHOP, startSeededServer, type SeededServer } from "./seeded-server.ts";

const executable = findChromium();
if (executable === null) {
  console.warn(
    "no chromium on this machine: the portal's tests are SKIPPED. Install it (apt-get install chromium) or name one in GENHOOK_CHROMIUM.",
  );
}
const FIRST_LOAD_MAX_BYTES = 250 * 1_024;
const PHONE = { width: 390, height: 844 };

let server: SeededServer;
let browser: Browser;
let origin = "";

describe.skipIf(executable === null)("the portal in a browser", () => {
  beforeAll(async () => {
    const built = spawnSync(process.execPath, [join(import.meta.dirname, "../build/build-portal.ts")], { encoding: "utf8" });
    if (built.status !== 0) throw new Error(built.stderr);
    server = await startSeededServer(new PortalBuild());
    ({ origin } = server.genhook);
    browser = await launch(executable ?? "");
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await server.stop();
  });

  test("a wrong key is said to be wrong; the right one leads to where one wanted to go; signing out leads back", async () => {
    const { page, close } = await openPage(browser, origin);
    await page.goto(`${origin}/topics?search=refund`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Enter a platform key.").waitFor();
    await page.getByLabel("Platform key").fill("not-a-key-of-this-server");
    await page.keyboard.press("Enter");
    await page.getByText("The platform key is unknown or revoked.").waitFor();
    expect(await findViolations(page)).toEqual([]);
    await page.getByLabel("Platform key").fill(KEY);
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "refunds/create" }).waitFor();
    await page.reload();
    await page.getByRole("link", { name: "refunds/create" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Platform key").waitFor();
    await page.reload();
    await page.getByLabel("Platform key").waitFor();
    await close();
  });

  const pages = (): readonly string[] => [
    "/",
    "/?range=24h&topic=orders%2Fcreate",
    `/deliveries?state=dead&shop=${SHOP}`,
    "/deliveries?state=pending",
    `/deliveries/${server.deadDelivery}`,
    `/events/${server.filteredEvent}`,
    "/replays",
    "/topics",
    "/topics/orders%2Fcreate",
    "/apps",
    `/apps/${server.clientId}`,
    "/shops",
    "/installations",
    "/keys",
    "/audit",
    "/deliveries/dlv_of_nothing",
  ];

  test.each([
    ["an admin", "light", { width: 1440, height: 900 }],
    ["a reader", "dark", PHONE],
  ] as const)(
    "every page renders for %s, %s, %o: no errors, nothing from elsewhere, accessible, fits",
    async (who, colorScheme, viewport) => {
      const { page, expectQuiet, close } = await openPage(browser, origin, { colorScheme, viewport });
      await signIn(page, origin, who === "an admin" ? KEY : server.readKey);
      for (const path of pages()) {
        await page.goto(origin + path);
        await settled(page);
        expect([path, await findViolations(page)]).toEqual([path, []]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect([path, overflow]).toEqual([path, 0]);
        if (path !== "/deliveries/dlv_of_nothing") expectQuiet();
      }
      await close();
    },
  );

  test("the first load is small", async () => {
    const { page, close } = await openPage(browser, origin);
    let bytes = 0;
    page.on("requestfinished", (request) => {
      void request.sizes().then((sizes) => {
        bytes += sizes.responseBodySize;
      });
    });
    await signIn(page, origin, KEY);
    await settled(page);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(FIRST_LOAD_MAX_BYTES);
    await close();
  });
});

/** Everything that was asked for has come. */
async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
}
