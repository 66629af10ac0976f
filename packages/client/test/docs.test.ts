import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { limitsOf } from "../src/publisher/options.ts";

test("the page names the bounds as they are", () => {
  const page = readFileSync(new URL("../../../docs/client.md", import.meta.url), "utf8");
  const { batchEventsMax, batchBytesMax, lingerMs, queueEventsMax, queueBytesMax } = limitsOf({});
  expect(page).toContain(`up to ${batchEventsMax} events or ${batchBytesMax / 1_048_576} MiB`);
  expect(page).toContain(`up to ${lingerMs} ms for company`);
  expect(page).toContain(`bounded: ${queueEventsMax.toLocaleString("en")} events, ${queueBytesMax / 1_048_576} MiB`);
});
