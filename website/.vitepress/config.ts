import { defineConfig, type DefaultTheme } from "vitepress";
import website from "../package.json" with { type: "json" };
import { sectionsWithAll, sitePath } from "../src/collect-pages.ts";
import type { Page } from "../src/contents.ts";
import { slugOf } from "../src/slug.ts";

function entryOf({ file, title, pages }: Page): DefaultTheme.SidebarItem {
  const link = `/${sitePath(file).replace(/(^|\/)index\.md$/, "$1")}`;
  return pages === undefined ? { text: title, link } : { text: title, link, collapsed: true, items: pages.map(entryOf) };
}

export default defineConfig({
  title: "Genhook",
  description: "The webhook sender that loses nothing and explains everything",
  lang: "en",
  srcDir: "pages",
  outDir: "dist",
  // Drawings stay files: as such they can be styled, and are fetched once.
  // And its esbuild is older than the checkout's settings for TypeScript, which it need not read.
  vite: { build: { assetsInlineLimit: 0 }, esbuild: { tsconfigRaw: {} } },
  // Servers of the reader's own machine are named in examples; everything else must be there.
  ignoreDeadLinks: "localhostLinks",
  cacheDir: "../node_modules/.cache/vitepress",
  head: [["link", { rel: "icon", href: "/icon.svg", type: "image/svg+xml" }]],
  markdown: {
    anchor: { slugify: slugOf },
    toc: { slugify: slugOf },
    theme: { light: "github-light-high-contrast", dark: "github-dark" },
    languageAlias: { filter: "sql", ebnf: "ini" },
  },
  themeConfig: {
    logo: "/icon.svg",
    search: {
      provider: "local",
      options: {
        miniSearch: {
          searchOptions: {
            combineWith: "AND",
            fuzzy: 0.1,
            prefix: true,
            boost: { title: 4, text: 2, titles: 1 },
            // What was decided and changed is found last: most readers look for what holds.
            boostDocument: (id: string): number => (/^\/(?:adr\/|changelog|third-party|endpoint-zoo)/.test(id) ? 0.3 : 1),
          },
        },
      },
    },
    outline: { level: [2, 3], label: "On this page" },
    nav: [
      { text: "Start", link: "/quick-start" },
      { text: "For apps", link: "/receiving" },
      { text: "For platforms", link: "/publishing" },
      { text: "For operators", link: "/self-hosting" },
      { text: "Topics", link: "/topics/" },
      { text: "API", link: "/api/" },
    ],
    sidebar: sectionsWithAll().map(({ title, pages }) => ({ text: title, items: pages.map(entryOf) })),
    docFooter: { prev: "Before", next: "Next" },
    externalLinkIcon: true,
    footer: { message: `Genhook ${website.version} · Apache-2.0` },
  },
});
