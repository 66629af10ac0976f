import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiClient } from "@genhook/contract/client";
import type { Browser, Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { findViolations, openPage, settled, signIn, signInAsDeveloper } from "./browser.ts";
import { KEY, SHOP, type SeededServer } from "./seeded-server.ts";

const PHONE = { width: 390, height: 844 };
const OPERATORS_PAGES = ["/keys", "/holds", "/apps", "/shops", "/installations", "/audit", "/links"];

export interface Scene {
  readonly browser: Browser;
  readonly origin: string;
  readonly server: SeededServer;
}

/** The portal as an app's developer sees it: by client id and secret, and by a link of the operator. */
export function describeDevelopers(scene: () => Scene): void {
  const link = (more: object = {}): Promise<{ readonly id: string; readonly url: string }> => {
    const { server } = scene();
    return server.api.call("createPortalLink", { body: { clientId: server.clientId, can: ["read"], minutes: 30, ...more } });
  };
  const signedIn = async (options: Parameters<typeof openPage>[2] = {}): ReturnType<typeof openPage> => {
    const { browser, origin, server } = scene();
    const opened = await openPage(browser, origin, options);
    await signInAsDeveloper(opened.page, origin, server.clientId, server.clientSecret);
    return opened;
  };

  describe("for an app's developer", () => {
    test("a wrong secret is said to be wrong; the right one shows the app's own pages and no operator's", async () => {
      const { browser, origin, server } = scene();
      const { page, close } = await openPage(browser, origin);
      await page.goto(origin);
      await page.getByRole("heading", { name: "Sign in to Acme Hooks" }).waitFor();
      expect(await page.title()).toBe("Sign in to Acme Hooks");
      await page.getByText("App developer").click();
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("Enter the client id and the client secret.").waitFor();
      await page.getByLabel("Client id").fill(server.clientId);
      await page.getByLabel("Client secret").fill("not the secret");
      await page.keyboard.press("Enter");
      await page.getByText("The client id or the client secret is wrong.").waitFor();
      expect(await findViolations(page)).toEqual([]);
      await page.getByLabel("Client secret").fill(server.clientSecret);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
      const names = await page.getByRole("complementary").getByRole("navigation").getByRole("link").allTextContents();
      expect(names).toEqual(["Overview", "Deliveries", "Webhooks", "Endpoints", "Blocked keys", "Replays", "Topics", "Secrets"]);
      // What was published is nobody's yet: a line at zero would say that nothing was.
      await page.getByText("Failed attempts").first().waitFor();
      expect(await page.getByText("Published", { exact: true }).count()).toBe(0);
      await page.getByText("All shops").first().waitFor();
      // The session outlives the page; its cookie is out of the page's reach.
      await page.reload();
      await page.getByText("All shops").first().waitFor();
      expect(await page.evaluate(() => document.cookie)).toBe("");
      for (const path of OPERATORS_PAGES) {
        await page.goto(origin + path);
        await page.getByText("There is nothing here").waitFor();
      }
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByRole("button", { name: "Sign in" }).waitFor();
      await close();
    });

    /** Those that look different to a developer; the others are the operators' pages. */
    const pages = (): readonly string[] => {
      const { server } = scene();
      return [
        "/",
        `/deliveries/${server.deadDelivery}`,
        `/events/${server.filteredEvent}`,
        "/webhooks",
        `/webhooks/${server.badWebhook}`,
        "/secrets",
      ];
    };

    test("every page renders, in the dark on a phone: no errors, nothing from elsewhere, accessible, fits", async () => {
      const { origin } = scene();
      const { page, expectQuiet, close } = await signedIn({ colorScheme: "dark", viewport: PHONE });
      for (const path of pages()) {
        await page.goto(origin + path);
        await settled(page);
        expect([path, await page.getByText("There is nothing here").count()]).toEqual([path, 0]);
        expect([path, await findViolations(page)]).toEqual([path, []]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect([path, overflow]).toEqual([path, 0]);
        expectQuiet();
      }
      await close();
    });

    test("a webhook is made with its filter tried, tested, moved and deleted", async () => {
      const { origin, server } = scene();
      const { page, expectQuiet, close } = await signedIn();
      await page.getByRole("link", { name: "Webhooks" }).click();
      await page.getByRole("button", { name: "New webhook" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("button", { name: "Subscribe" }).click();
      await dialog.getByText("Choose a shop and a topic, and give the address.").waitFor();
      // The app is on one shop, so it is chosen.
      await expect.poll(() => dialog.getByLabel("Shop").inputValue()).toBe(SHOP);
      await dialog.getByLabel("Topic").click();
      await page.getByRole("option", { name: "products/create" }).click();
      await dialog.getByLabel("Address").fill(`${server.good.url}/hooks/products`);
      await dialog.getByLabel("Filter", { exact: true }).fill('product.title != ""');
      await dialog.getByRole("button", { name: "Try" }).click();
      await dialog.getByText("It would be sent").waitFor();
      expect(await findViolations(page)).toEqual([]);
      await dialog.getByRole("button", { name: "Subscribe" }).click();
      await page.waitForURL(/\/webhooks\/\d+$/);
      await page.getByRole("button", { name: "Send a test" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Send a test" }).click();
      await page.getByText("Delivered at the first attempt.").waitFor();
      await page.getByText("Request", { exact: true }).click();
      await page.getByRole("button", { name: "Copy as curl" }).waitFor();
      await page.getByRole("link", { name: /^\d+$/ }).click();
      await page.getByRole("textbox", { name: "Address" }).fill(`${server.good.url}/hooks/moved`);
      await page.getByRole("button", { name: "Change the address" }).click();
      await page.locator("header, .page-head").getByText("/hooks/moved").waitFor();
      await page.getByRole("button", { name: "Delete" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
      await page.waitForURL(`${origin}/webhooks`);
      expect(await page.getByText("/hooks/moved").count()).toBe(0);
      expectQuiet();
      await close();
    });

    test("the secret that one came in with is replaced; its end is the session's", async () => {
      const { server } = scene();
      const { page, close } = await signedIn();
      await page.getByRole("link", { name: "Secrets" }).click();
      const kind = page.getByRole("region", { name: "Client secret" });
      const take = async (step: string): Promise<void> => {
        await kind.getByRole("button", { name: step }).click();
        await page.getByRole("dialog").getByRole("button", { name: step }).click();
      };
      await take("Stage a new one");
      const secret = (await page.getByRole("dialog").locator(".source").textContent()) ?? "";
      await page.getByRole("button", { name: "I have copied it" }).click();
      await take("Use it");
      await kind.getByText("Retiring").waitFor();
      await kind.getByRole("button", { name: "Revoke" }).click();
      await page.getByText("If you signed in with it, you are signed out.").waitFor();
      await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
      await page.getByText("Your session has ended. Sign in again.").waitFor();
      server.clientSecret = secret;
      const { secrets } = (await server.api.call("getApp", { params: { clientId: server.clientId } })).app;
      expect(secrets.filter(({ kind: each }) => each === "client").map(({ state }) => state)).toEqual(["live"]);
      await close();
    });
  });

  describe("where a dead letter blocks its order key", () => {
    test("the key is listed, what waits says for which; skipped, it goes on", async () => {
      const { origin, server } = scene();
      const topic = "products/create";
      const own = new ApiClient({ origin, credentials: { kind: "app", accessToken: server.accessToken } });
      const { webhook } = await own.call("createWebhook", {
        body: { webhook: { topic, address: `${server.bad.url}/hooks/ordered`, ordered: true } },
      });
      const { topics } = await server.api.call("listTopics");
      const payload = topics.find(({ name }) => name === topic)?.sample ?? {};
      for (let n = 0; n < 2; n += 1) {
        await server.api.call("publishEvents", { body: { shop: SHOP, topic, payload, orderKey: "product 8112" } });
      }
      const { page, expectQuiet, close } = await signedIn({ colorScheme: "dark", viewport: PHONE });
      await page.goto(`${origin}/blocked-keys?webhookId=${webhook.id}`);
      const key = page.getByRole("link", { name: "product 8112" });
      await key.waitFor();
      const looksWell = async (): Promise<void> => {
        await settled(page);
        expect([page.url(), await findViolations(page)]).toEqual([page.url(), []]);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        expect([page.url(), overflow]).toEqual([page.url(), 0]);
      };
      await looksWell();
      await key.click();
      await page.getByText("Given up: every attempt of the round failed").waitFor();
      const letter = page.url();
      const { deliveries } = await server.api.call("listDeliveries", { query: { state: "pending", webhookId: webhook.id } });
      await page.goto(`${origin}/deliveries/${deliveries[0]?.id}`);
      await page.getByText("an earlier one of its order key is not through yet").waitFor();
      await looksWell();
      await page.getByRole("link", { name: letter.split("/").at(-1) ?? "", exact: true }).click();
      expect(page.url()).toBe(letter);
      await page.goto(`${origin}/webhooks/${webhook.id}`);
      await page.getByText("By order key; a dead letter blocks its key").waitFor();
      await looksWell();
      server.mend(true);
      await page.getByRole("button", { name: "Skip" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Skip" }).click();
      await page.getByText("No key is blocked").waitFor();
      await page.goto(`${origin}/deliveries/${deliveries[0]?.id}`);
      await page.getByText("Delivered at the first attempt.").waitFor();
      server.mend(false);
      expect((await server.api.call("listAudit", { query: { limit: 50 } })).records.map(({ action }) => action)).toContain(
        "skipAppDelivery",
      );
      expectQuiet();
      await close();
    });
  });

  describe("by a link", () => {
    test("it opens once, for one shop, to look alone; what is not allowed is not there", async () => {
      const { browser, origin, server } = scene();
      const { url } = await link({ shop: SHOP });
      const { page, expectQuiet, close } = await openPage(browser, origin);
      await page.goto(url);
      await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
      expect(page.url()).not.toContain("#");
      await page.getByText(SHOP).first().waitFor();
      expect(await page.getByRole("link", { name: "Secrets" }).count()).toBe(0);
      await page.getByRole("link", { name: "All dead letters" }).click();
      await page.getByRole("table").getByRole("link", { name: "orders/create" }).first().click();
      await page.getByText("Given up: every attempt of the round failed").waitFor();
      for (const path of [null, `/webhooks/${server.badWebhook}`]) {
        if (path !== null) await goWithin(page, path);
        await settled(page);
        const buttons = await page.locator("main").getByRole("button").allTextContents();
        expect([path, buttons.filter((name) => /replay|pause|save|delete|test|change/i.test(name))]).toEqual([path, []]);
        expect([path, await findViolations(page)]).toEqual([path, []]);
      }
      expectQuiet();
      // Loaded again it is over, and says so; and the same link opens nothing for anybody else.
      await page.reload();
      await page.getByRole("heading", { name: "This link has ended" }).waitFor();
      expect(await findViolations(page)).toEqual([]);
      await page.goto(`${origin}/topics`);
      await page.goto(url);
      await page.getByRole("heading", { name: "This link has ended" }).waitFor();
      await close();
    });

    test("with more allowed, a failed delivery is sent again; revoked, it is over at once", async () => {
      const { browser, origin, server } = scene();
      const { id, url } = await link({ can: ["replay"] });
      const { page, close } = await openPage(browser, origin, { viewport: PHONE, colorScheme: "dark" });
      await page.goto(url);
      await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
      const { deliveries } = await server.api.call("listDeliveries", { query: { state: "dead", limit: 2 } });
      server.mend(true);
      await goWithin(page, `/deliveries/${deliveries[1]?.id}`);
      await page.getByRole("button", { name: "Replay" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Replay" }).click();
      await page.getByText(/^Delivered after \d+ attempts\.$/).waitFor();
      server.mend(false);
      const again = await server.api.call("getDelivery", { params: { id: deliveries[1]?.id ?? "" } });
      expect([again.delivery.state, again.delivery.round]).toEqual(["delivered", 2]);
      await server.api.call("revokePortalLink", { params: { id } });
      await page.getByRole("link", { name: "Deliveries" }).first().click();
      await page.getByRole("heading", { name: "This link has ended" }).waitFor();
      await close();
    });

    test("it may be framed where it says so, and nowhere else", async () => {
      const { browser, origin } = scene();
      // Hosts of two names: what one may frame the other may not.
      const host = createServer((request, response) => {
        const frame = new URL(request.url ?? "/", "http://host").searchParams.get("frame") ?? "";
        response.writeHead(200, { "Content-Type": "text/html" }).end(`<!doctype html><title>host</title><iframe src="${frame}"></iframe>`);
      });
      await new Promise<void>((resolve) => {
        host.listen(0, "127.0.0.1", resolve);
      });
      const { port } = host.address() as AddressInfo;
      const context = await browser.newContext();
      const page = await context.newPage();
      const { url } = await link({ frameAncestors: [`http://127.0.0.1:${port}`] });
      for (const [name, isShown] of [
        ["localhost", false],
        ["127.0.0.1", true],
      ] as const) {
        await page.goto(`http://${name}:${port}/?frame=${encodeURIComponent(url)}`);
        const frame = page.frameLocator("iframe");
        if (isShown) await frame.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
        else expect(await frame.getByRole("heading", { name: "Overview" }).count()).toBe(0);
      }
      for (const path of ["/", "/deliveries", new URL((await link()).url).pathname]) {
        const policy = (await fetch(origin + path)).headers.get("Content-Security-Policy");
        expect([path, policy]).toEqual([path, expect.stringContaining("frame-ancestors 'none'")]);
      }
      await context.close();
      await new Promise((resolve) => {
        host.close(resolve);
        host.closeAllConnections();
      });
    });

    test("an operator makes one in the portal", async () => {
      const { browser, origin } = scene();
      const { page, expectQuiet, close } = await openPage(browser, origin);
      await signIn(page, origin, KEY);
      await page.getByRole("link", { name: "Portal links" }).click();
      await page.getByRole("button", { name: "New link" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("App").click();
      await page.getByRole("option", { name: "Stock keeper" }).click();
      expect(await findViolations(page)).toEqual([]);
      await dialog.getByRole("button", { name: "Make" }).click();
      const url = (await dialog.locator(".source").textContent()) ?? "";
      expect(url).toMatch(new RegExp(`^${origin}/portal-links/[0-9a-f-]{36}#[\\w-]{43}$`));
      await page.getByRole("button", { name: "I have copied it" }).click();
      const row = page.getByRole("row").filter({ hasText: "Not opened yet" }).first();
      await row.getByRole("button", { name: "Revoke" }).click();
      await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
      await page.getByText("Revoked").first().waitFor();
      expectQuiet();
      await close();
    });
  });
}

/** To another page without loading the document again: a link's token lives in it. */
async function goWithin(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    const base = /^\/portal-links\/[^/]+/.exec(window.location.pathname)?.[0] ?? "";
    window.history.pushState(null, "", base + to);
  }, path);
}
