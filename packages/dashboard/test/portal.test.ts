import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PortalBuild } from "../build/portal-build.ts";
import { describeDevelopers } from "./developers.ts";
import { findChromium, findViolations, launch, openPage, settled, signIn } from "./browser.ts";
import { KEY, SHOP, startSeededServer, type SeededServer } from "./seeded-server.ts";

const executable = findChromium();
if (executable === null) {
  console.warn(
    "no chromium on this machine: the portal's tests are SKIPPED. Install it (apt-get install chromium) or name one in GENHOOK_CHROMIUM.",
  );
}
const FIRST_LOAD_MAX_BYTES = 250 * 1_024;
const PHONE = { width: 390, height: 844 };
const LAPTOP = { width: 1280, height: 800 };

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
    "/webhooks?status=active",
    `/webhooks/${server.badWebhook}`,
    "/endpoints",
    `/endpoints/${server.badEndpoint}`,
    "/blocked-keys",
    "/replays",
    "/holds",
    "/topics",
    "/topics/orders%2Fcreate",
    "/apps",
    `/apps/${server.clientId}`,
    "/shops",
    "/installations",
    "/keys",
    "/links",
    "/audit",
    "/deliveries/dlv_of_nothing",
  ];

  test.each([
    ["an admin", "light", LAPTOP],
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

  test.each([
    [LAPTOP, 2],
    [PHONE, 4],
  ])("a delivery takes no more lines in the list than it has to, at %o: %i", async (viewport, lines) => {
    const { page, close } = await openPage(browser, origin, { viewport });
    await signIn(page, origin, KEY);
    await page.goto(`${origin}/deliveries`);
    await page.getByRole("table").getByRole("link", { name: "orders/create" }).first().waitFor();
    const heights = await page
      .locator("tbody tr")
      .evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().height / Number.parseFloat(getComputedStyle(row).lineHeight)));
    expect(heights.length).toBeGreaterThan(5);
    // With the room above and below.
    expect(Math.max(...heights)).toBeLessThan(lines + 1.5);
    const opener = page.getByRole("button", { name: "Filters" });
    expect(await opener.isVisible()).toBe(viewport === PHONE);
    if (viewport !== PHONE) return close();
    expect(await page.getByLabel("Webhook id").isVisible()).toBe(false);
    await opener.click();
    await page.getByLabel("Webhook id").fill(String(server.badWebhook));
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Filters (1)" }).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await close();
  });

  test("a reader sees no buttons that change anything", async () => {
    const { page, close } = await openPage(browser, origin);
    await signIn(page, origin, server.readKey);
    await page.getByText("Read only").first().waitFor();
    for (const path of [
      `/deliveries/${server.deadDelivery}`,
      `/webhooks/${server.badWebhook}`,
      `/apps/${server.clientId}`,
      "/replays",
      "/holds",
      "/keys",
    ]) {
      await page.goto(origin + path);
      await settled(page);
      const names = await page.locator("main").getByRole("button").allTextContents();
      expect([path, names.filter((name) => /replay|pause|save|stage|revoke|new|hold/i.test(name))]).toEqual([path, []]);
    }
    await close();
  });

  describeDevelopers(() => ({ browser, origin, server }));

  test("a failed delivery is found, understood and sent again", async () => {
    const { page, expectQuiet, close } = await openPage(browser, origin);
    await signIn(page, origin, KEY);
    await page.getByRole("link", { name: "All dead letters" }).click();
    await page.waitForURL(/state=dead/);
    await page.getByRole("table").getByRole("link", { name: "orders/create" }).first().click();
    await page.getByText("Given up: every attempt of the round failed").waitFor();
    await page.getByRole("button", { name: /Attempt 3/ }).waitFor();
    await page.getByText('"run the migrations"').waitFor();
    await page.getByText("Request", { exact: true }).click();
    await page.getByRole("button", { name: "Copy as curl" }).waitFor();
    server.mend(true);
    await page.getByRole("button", { name: "Replay" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Replay" }).click();
    await page.getByText("Delivered after 4 attempts.").waitFor();
    await page.getByText("Replay, round 2").waitFor();
    server.mend(false);
    const { delivery } = await server.api.call("getDelivery", { params: { id: server.deadDelivery } });
    expect([delivery.state, delivery.round, delivery.attemptCount]).toEqual(["delivered", 2, 4]);
    expectQuiet();
    await close();
  });

  test("many are counted, then sent again by a replay job", async () => {
    server.mend(true);
    const { page, expectQuiet, close } = await openPage(browser, origin);
    await signIn(page, origin, KEY);
    await page.getByRole("link", { name: "Replays" }).click();
    await page.getByRole("button", { name: "New replay" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Count first" }).click();
    await dialog.getByText(/^\d+ fit and would be sent again\.$/).waitFor();
    expect(await findViolations(page)).toEqual([]);
    await dialog.getByRole("button", { name: /^Send \d+ again$/ }).click();
    await page.getByRole("row").filter({ hasNotText: "Dry run" }).getByText("Done").waitFor();
    await page.goto(`${origin}/deliveries?state=dead`);
    await page.getByText("No delivery fits").waitFor();
    expectQuiet();
    await close();
  });

  test("a webhook is paused and resumed, its filter is tried and saved, and its rate, which its endpoint shows, until an operator sets a lower one", async () => {
    const { page, expectQuiet, close } = await openPage(browser, origin);
    await signIn(page, origin, KEY);
    await page.goto(`${origin}/webhooks/${server.badWebhook}`);
    for (const [step, status] of [
      ["Pause", "Paused"],
      ["Resume", "Active"],
    ] as const) {
      await page.getByRole("button", { name: step }).click();
      await page.getByRole("dialog").getByRole("button", { name: step }).click();
      await page.locator(".state").getByText(status).first().waitFor();
    }
    await page.getByLabel("Filter", { exact: true }).fill("order.totalPrice > 100000");
    await page.getByRole("button", { name: "Try" }).click();
    await page.getByText("It would not be sent").waitFor();
    await page.getByLabel("Attempts per second").fill("2.5");
    await page.getByRole("button", { name: "Save" }).click();
    await page.waitForFunction(
      () => [...document.querySelectorAll("button")].find((each) => each.textContent === "Save")?.disabled === true,
    );
    const { webhook } = await server.api.call("getAnyWebhook", { params: { id: server.badWebhook } });
    expect([webhook.filter, webhook.ratePerSecond]).toEqual(["order.totalPrice > 100000", 2.5]);
    await page.goto(`${origin}/endpoints/${webhook.endpointId}`);
    await page.getByText("the lowest that one of its webhooks asks for").waitFor();
    await page.locator("dd").filter({ hasText: /^2\.5/ }).waitFor();
    await page.getByLabel("At most per second").fill("0.5");
    await page.getByRole("button", { name: "Set the rate" }).click();
    await page.getByText("set by the operator").waitFor();
    const { endpoint } = await server.api.call("getEndpoint", { params: { id: String(webhook.endpointId) } });
    expect([endpoint.ratePerSecond, endpoint.effectiveRatePerSecond]).toEqual([0.5, 0.5]);
    expectQuiet();
    await close();
  });

  test("a secret is replaced step by step", async () => {
    const { page, expectQuiet, close } = await openPage(browser, origin);
    await signIn(page, origin, KEY);
    await page.goto(`${origin}/apps/${server.clientId}`);
    const kind = page.getByRole("region", { name: "Signing secret" });
    const take = async (step: string): Promise<void> => {
      await kind.getByRole("button", { name: step }).click();
      await page.getByRole("dialog").getByRole("button", { name: step }).click();
    };
    await take("Stage a new one");
    await page
      .getByRole("dialog")
      .getByText(/^whsec_/)
      .waitFor();
    await page.getByRole("button", { name: "I have copied it" }).click();
    await kind.getByText("Staged").waitFor();
    await take("Use it");
    await kind.getByText("Retiring").waitFor();
    await take("Revoke");
    await kind.getByText("Retiring").waitFor({ state: "detached" });
    const { secrets } = (await server.api.call("getApp", { params: { clientId: server.clientId } })).app;
    expect(secrets.filter(({ kind: each, state }) => each === "signing" && state === "live")).toHaveLength(1);
    expectQuiet();
    await close();
  });

  test("why an event did not arrive is said by its id alone", async () => {
    const { page, expectQuiet, close } = await openPage(browser, origin);
    await signIn(page, origin, KEY);
    await page.getByLabel("Go to an id").first().fill(server.filteredEvent);
    await page.keyboard.press("Enter");
    await page.getByText("No webhook was owed this event.").waitFor();
    await page.getByText("Its filter does not match this payload.").waitFor();
    expect(page.url()).toBe(`${origin}/events/${server.filteredEvent}`);
    expectQuiet();
    await close();
  });

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
