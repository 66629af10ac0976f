import { expect, test } from "vitest";
import * as engine from "../../packages/core/src/limits.ts";
import * as wire from "../../packages/contract/src/limits.ts";
import { readPage } from "../src/repository.ts";

const MIB = 1_048_576;

/** What pages say of bounds, and the bound that holds. */
const SAID: readonly (readonly [page: string, words: RegExp, bounds: readonly number[]])[] = [
  ["docs/scaling.md", /one payload \| (\d+) MiB/, [wire.PAYLOAD_BYTES_MAX / MIB]],
  ["docs/scaling.md", /([\d,]+) events as an array, ([\d,]+) lines/, [wire.PUBLISH_ITEMS_MAX, wire.PUBLISH_LINES_MAX]],
  [
    "docs/scaling.md",
    /wait for the disk \| ([\d,]+), or (\d+) MiB/,
    [engine.GROUP_WAITING_EVENTS_MAX, engine.GROUP_WAITING_BYTES_MAX / MIB],
  ],
  ["docs/scaling.md", /one event matches \| ([\d,]+)/, [engine.MATCHES_MAX]],
  ["docs/scaling.md", /of one installation \| ([\d,]+)/, [engine.SUBSCRIPTIONS_PER_INSTALLATION_MAX]],
  [
    "docs/scaling.md",
    /from (\d+) up to `--endpoint-concurrency` \((\d+)\)/,
    [engine.ENDPOINT_CONCURRENCY_START, engine.ENDPOINT_CONCURRENCY_MAX],
  ],
  ["docs/scaling.md", /in memory \| (\d+)/, [engine.LANE_WINDOW]],
  ["docs/scaling.md", /`--concurrency` (\d+) \(the default\)/, [engine.ATTEMPTS_IN_FLIGHT_MAX]],
  ["docs/publishing.md", /array of at most ([\d,]+)/, [wire.PUBLISH_ITEMS_MAX]],
  ["docs/publishing.md", /up to ([\d,]+) lines and (\d+) MiB/, [wire.PUBLISH_LINES_MAX, wire.PUBLISH_REQUEST_BYTES_MAX / MIB]],
  ["docs/faq.md", /payload\?\*\* At most (\d+) MiB/, [wire.PAYLOAD_BYTES_MAX / MIB]],
  ["docs/going-live.md", /payload may have (\d+) MiB/, [wire.PAYLOAD_BYTES_MAX / MIB]],
  ["docs/api/README.md", /`limit` \((\d+), at most (\d+)\)/, [wire.PAGE_LIMIT_DEFAULT, wire.PAGE_LIMIT_MAX]],
];

test.each(SAID)("%s says the bound that holds: %s", (page, words, bounds) => {
  const found = words
    .exec(readPage(page))
    ?.slice(1)
    .map((number) => Number(number.replaceAll(",", "")));
  expect(found).toEqual(bounds);
});

test("docs/scaling.md repeats the figures of docs/performance.md and docs/reliability.md, and no others", () => {
  const measured = readPage("docs/performance.md") + readPage("docs/reliability.md");
  const table = /\| \| figure \| command \|[\s\S]*?\n\n/.exec(readPage("docs/scaling.md"))?.[0] ?? "";
  const figures = table.split("\n").flatMap((row) => row.split(" | ")[1]?.match(/\d+(?:,\d{3})*(?: (?:µs|MB|MiB|KiB))?/g) ?? []);
  expect(figures.length).toBeGreaterThan(5);
  expect(figures.filter((figure) => !measured.includes(figure) && figure !== "503")).toEqual([]);
});
