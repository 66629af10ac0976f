import { readFileSync } from "node:fs";

/** The product's version, as `User-Agent` and the API document say it. */
export const VERSION: string = (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string })
  .version;
