import { expect, test } from "vitest";
import { createSealing } from "../../src/secrets/sealing.ts";

const sealing = createSealing(Buffer.alloc(32, 7));

test("what was sealed is opened by the same key, and by no other", () => {
  for (const text of ["", "a secret", "ß".repeat(1_000)]) expect(sealing.open(sealing.seal(text))).toBe(text);
  expect(() => createSealing(Buffer.alloc(32, 8)).open(sealing.seal("a secret"))).toThrow(/authenticate/);
});

test.each([0, 4, 8, 12, 16, 27])(
  "%i bytes are refused before they are looked at: a tag that is shorter than it should be is guessed sooner",
  (length) => {
    expect(() => sealing.open(Buffer.alloc(length, 1).toString("base64"))).toThrow("too short");
  },
);

test("the same bytes in other letters are refused: one sealed text has one form", () => {
  const sealed = sealing.seal("12 45");
  expect(sealed).toMatch(/[^=]$/);
  for (const other of [`${sealed}=`, `${sealed}>`, ` ${sealed}`, `${sealed.slice(0, 4)}\n${sealed.slice(4)}`]) {
    expect(() => sealing.open(other)).toThrow("as it was written");
  }
});
