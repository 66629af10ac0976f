import { appExamples } from "./app-api.ts";
import { appsExamples, linkExamples } from "./apps-api.ts";
import type { CallExample } from "./call-example.ts";
import { openExamples } from "./open.ts";
import { operatingExamples } from "./operating.ts";
import { platformExamples } from "./platform-api.ts";

/** Examples by operation. */
export const EXAMPLES: Readonly<Record<string, CallExample>> = {
  ...appExamples,
  ...appsExamples,
  ...linkExamples,
  ...platformExamples,
  ...operatingExamples,
  ...openExamples,
};
