import { existsSync } from "node:fs";
import axe from "axe-core";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { expect } from "vitest";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The machine's own browser; `GENHOOK_CHROMIUM` names another one. Null where there is none. */
export function findChromium(): string | null {
  const given = process.env["GENHOOK_CHROMIUM"];
  return [...(given === undefined ? [] : [given]), ...CANDIDATES].find((path) => existsSync(path)) ?? null;
}

export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

/** A page that notes everything that should not be: errors, and requests to anywhere but its own server. */
export interface WatchedPage {
  readonly page: Page;
  /** Throws what was noted since the last time. */
  readonly expectQuiet: () => void;
  readonly close: () => Promise<void>;
}

export async function openPage(browser: Browser, origin: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const noted: string[] = [];
  page.on("console", (line) => {
    if (line.type() === "error" || line.type() === "warning") noted.push(`${page.url()}: ${line.text()}`);
  });
  page.on("pageerror", (error) => noted.push(`${page.url()}: ${error.message}`));
  await page.route("**/*", (route) => {
    const url = route.request().url();
    if (url.startsWith(`${origin}/`) || url.startsWith("data:")) return route.continue();
    noted.push(`a request to ${url}`);
    return route.abort();
  });
  return {
    page,
    expectQuiet: () => expect(noted.splice(0)).toEqual([]),
    close: () => context.close(),
  };
}

export async function signIn(page: Page, origin: string, key: string): Promise<void> {
  await page.goto(`${origin}/`);
  await page.getByLabel("Platform key").fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
}

/** As an app's developer, with client id and secret. */
export async function signInAsDeveloper(page: Page, origin: string, clientId: string, clientSecret: string): Promise<void> {
  await page.goto(`${origin}/`);
  await page.getByText("App developer").click();
  await page.getByLabel("Client id").fill(clientId);
  await page.getByLabel("Client secret").fill(clientSecret);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview", level: 1 }).waitFor();
}

/** Everything that was asked for has come. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForFunction(() => document.querySelector("[aria-busy=true]") === null);
}

/** What WCAG 2.2 A and AA finds wrong with the page as it is now: rule and place. */
export async function findViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      readonly axe: {
        readonly run: (
          context: Document,
          options: unknown,
        ) => Promise<{
          readonly violations: readonly {
            readonly id: string;
            readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
          }[];
        }>;
      };
    };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await axe.run(document, { runOnly: { type: "tag", values: tags } });
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
  });
}
