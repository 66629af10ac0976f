import fc from "fast-check";
import { expect, test } from "vitest";
import { BytePieces } from "../../src/http/byte-pieces.ts";

test("whatever the sizes of the pieces, what is taken is one behind the other, and the next begins anew", () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 40_000 })), { maxLength: 40 });
  const pieces = new BytePieces();
  fc.assert(
    fc.property(sizes, (each) => {
      const bytes = each.map((size, n) => Buffer.alloc(size, n + 1));
      for (const piece of bytes) pieces.add(piece);
      expect(pieces.length).toBe(each.reduce((sum, size) => sum + size, 0));
      expect(pieces.take().equals(Buffer.concat(bytes))).toBe(true);
      expect(pieces.length).toBe(0);
    }),
  );
});

test("a single piece is not copied", () => {
  const pieces = new BytePieces();
  const piece = Buffer.from("{}");
  pieces.add(piece);
  expect(pieces.take()).toBe(piece);
});
