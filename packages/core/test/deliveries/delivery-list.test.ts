import fc from "fast-check";
import { expect, test } from "vitest";
import type { DeliveryView, Turn } from "../../src/index.ts";
import { rankOf, readPage, type DeliveryPosition, type Placed, type Stretch } from "../../src/deliveries/delivery-list.ts";

/** A delivery that shows nothing but its number; even ones fit. */
function placed(number: number, position: DeliveryPosition): Placed {
  return { view: { attemptCount: number } as DeliveryView, position };
}

function stretchOf(rank: number, numbers: readonly number[]): Stretch {
  const all = numbers.map((number, index) => {
    const isFinal = rank === Number.POSITIVE_INFINITY;
    return placed(
      number,
      isFinal
        ? { phase: "final", eventId: "e", subscription: index }
        : { phase: "pending", lane: rank, due: index, eventId: "e", subscription: 1 },
    );
  });
  const indexOf = (at: DeliveryPosition): number => (at.phase === "pending" ? at.due : at.phase === "final" ? at.subscription : -1);
  return {
    rank,
    read: (turn, limit) => {
      if ("after" in turn) {
        const from = turn.after === null ? 0 : indexOf(turn.after) + 1;
        return Promise.resolve(all.slice(from, from + limit));
      }
      const to = turn.before === null ? all.length : indexOf(turn.before);
      return Promise.resolve(all.slice(Math.max(0, to - limit), to));
    },
  };
}

const numbersOf = (page: { readonly deliveries: readonly DeliveryView[] }): number[] => page.deliveries.map((view) => view.attemptCount);

test("pages forward and back meet everything that fits, once each, whatever the lengths and the limit", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat({ max: 9 }), { maxLength: 7 }), { maxLength: 4 }),
      fc.integer({ min: 1, max: 5 }),
      async (lists, limit) => {
        const stretches = lists.map((list, index) => stretchOf(index === lists.length - 1 ? Number.POSITIVE_INFINITY : index, list));
        const wanted = lists.flat().filter((number) => number % 2 === 0);
        const read = (turn: Turn<DeliveryPosition>) => readPage(stretches, turn, limit, (view) => view.attemptCount % 2 === 0);
        const forward: number[][] = [];
        let page = await read({ after: null });
        expect(page.previous).toBeNull();
        forward.push(numbersOf(page));
        while (page.next !== null) {
          page = await read(page.next);
          forward.push(numbersOf(page));
          expect(numbersOf(page).length).toBeGreaterThan(0);
        }
        expect(forward.flat()).toEqual(wanted);
        const back: number[][] = [numbersOf(page)];
        while (page.previous !== null) {
          page = await read(page.previous);
          if (page.deliveries.length > 0) back.unshift(numbersOf(page));
        }
        expect(back.flat()).toEqual(wanted);
      },
    ),
  );
});

test("a place in a lane that has gone goes on with the next one", async () => {
  const stretches = [stretchOf(2, [2, 4]), stretchOf(8, [6]), stretchOf(Number.POSITIVE_INFINITY, [8])];
  const gone: DeliveryPosition = { phase: "pending", lane: 5, due: 0, eventId: "e", subscription: 1 };
  expect(rankOf(gone)).toBe(5);
  expect(numbersOf(await readPage(stretches, { after: gone }, 9, () => true))).toEqual([6, 8]);
  expect(numbersOf(await readPage(stretches, { before: gone }, 9, () => true))).toEqual([2, 4]);
});

test("what fits nothing answers a short page and a place to go on", async () => {
  const stretches = [
    stretchOf(
      Number.POSITIVE_INFINITY,
      Array.from({ length: 5_000 }, () => 1),
    ),
  ];
  const page = await readPage(stretches, { after: null }, 500, () => false);
  expect(page.deliveries).toEqual([]);
  expect(page.next).toEqual({ after: expect.objectContaining({ phase: "final" }) as unknown });
});
