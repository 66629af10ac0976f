import { expect, test } from "vitest";
import { releaseNotes } from "../release-notes.ts";

const CHANGELOG =
  "# Changelog\n\n## 0.2.0, unreleased\n\n- later\n\n## 0.1.0, 2026-12-01\n\n- first\n- second\n\n## 0.0.1, 2026-01-01\n\n- before\n";

test("a release has the notes of its version, and no others", () => {
  expect(releaseNotes("v0.1.0", "0.1.0", CHANGELOG)).toEqual({ notes: "- first\n- second" });
  expect(releaseNotes("v0.0.1", "0.0.1", CHANGELOG)).toEqual({ notes: "- before" });
});

test.each([
  ["v0.1.1", "0.1.0", "The tag is v0.1.1, the packages are 0.1.0"],
  ["v0.2.0", "0.2.0", 'says "unreleased" of 0.2.0'],
  ["v0.3.0", "0.3.0", "has nothing about 0.3.0"],
])("%s of packages at %s is none", (tag, version, refusal) => {
  expect(releaseNotes(tag, version, CHANGELOG)).toEqual({ refusal: expect.stringContaining(refusal) as string });
});
