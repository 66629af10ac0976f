import { defineConfig, type DefaultTheme } from "vitepress";
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
  cacheDir: "../node_modules/.cache/vitepress",
  head: [["link", { rel: "icon", href: "/icon.svg", type: "image/svg+xml" }]],
  markdown: {
    anchor: { slugify: slugOf },
    toc: { slugify: slugOf },
    theme: { light: "github-light", dark: "github-dark" },
    languageAlias: { filter: "sql", ebnf: "ini" },
  },
  themeConfig: {
    logo: "/icon.svg",
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "For apps", link: "/receiving" },
      { text: "For operators", link: "/self-hosting" },
      { text: "Topics", link: "/topics/" },
      { text: "API", link: "/api/" },
    ],
    sidebar: sectionsWithAll().map(({ title, pages }) => ({ text: title, items: pages.map(entryOf) })),
    docFooter: { prev: "Before", next: "Next" },
    footer: { message: "Apache-2.0" },
  },
});
