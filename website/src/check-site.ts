import { createReadStream, existsSync, readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, posix } from "node:path";
import { chromium, type Browser } from "playwright-core";
import { REPOSITORY } from "./repository.ts";

// Opens every page of the built site in a browser, on a narrow dark screen: no error, no request to anywhere else, nothing wider than the
// screen, everything that it names is there. And the search finds something.

const SITE = join(REPOSITORY, "website/dist");
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".txt": "text/plain",
};

function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://site");
    const path = join(SITE, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    if (!path.startsWith(SITE) || !existsSync(path)) response.writeHead(404).end();
    else createReadStream(path).pipe(response.setHeader("Content-Type", TYPES[extname(path)] ?? "application/octet-stream"));
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}

function pagesBelow(folder = ""): readonly string[] {
  return readdirSync(join(SITE, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === "assets" ? [] : pagesBelow(path);
    return entry.name.endsWith(".html") && entry.name !== "404.html" ? [path] : [];
  });
}

async function check(browser: Browser, origin: string): Promise<readonly string[]> {
  const wrong: string[] = [];
  const context = await browser.newContext({ colorScheme: "dark", viewport: { width: 390, height: 844 }, reducedMotion: "reduce" });
  const page = await context.newPage();
  page.on("console", (line) => {
    if (line.type() === "error" || line.type() === "warning") wrong.push(`${page.url()}: ${line.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`${page.url()}: ${error.message}`));
  page.on("response", (answer) => {
    if (answer.status() >= 400) wrong.push(`${page.url()}: ${answer.status()} for ${answer.url()}`);
  });
  await page.route("**/*", (route) => {
    const url = route.request().url();
    if (url.startsWith(`${origin}/`) || url.startsWith("data:")) return route.continue();
    wrong.push(`${page.url()}: a request to ${url}`);
    return route.abort();
  });
  const paths = pagesBelow();
  for (const path of paths) {
    await page.goto(`${origin}/${path}`, { waitUntil: "load" });
    const excess = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
    if (excess > 0) wrong.push(`${path} is ${excess} px wider than the screen`);
  }
  await page.goto(`${origin}/`);
  await page.locator(".VPNavBarSearch button").click();
  await page.locator("#localsearch-input").fill("Retry-After");
  await page.locator(".result").first().waitFor();
  await context.close();
  console.log(`${paths.length} pages opened, ${wrong.length} wrong`);
  return wrong;
}

const executablePath = [process.env["GENHOOK_CHROMIUM"] ?? "", "/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) =>
  existsSync(path),
);
if (executablePath === undefined) {
  console.log("no Chromium is here (GENHOOK_CHROMIUM names one): the site's pages were not opened");
} else {
  const server = await serve();
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  try {
    const wrong = await check(browser, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    for (const line of wrong) console.error(line);
    process.exitCode = wrong.length === 0 ? 0 : 1;
  } finally {
    await browser.close();
    server.close();
  }
}
