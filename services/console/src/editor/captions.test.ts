import { expect, test } from "vitest";
import { captioned, MOST_CAPTIONS, type Captioned } from "./captions";
import type { Box } from "./geometry";

const STAGE = { width: 1000, height: 700 };

/** Boxes side by side, a hundred in a row, each as wide as it says. */
function row(count: number, width: number): Captioned[] {
  return Array.from({ length: count }, (_, place) => {
    const [x, y] = [(place % 100) * 90, Math.floor(place / 100) * 90];
    const around: Box = [x, y, x + width, y + width];
    return { id: `s${place}`, around, first: false };
  });
}

function shown(items: readonly Captioned[], scale: number, [x, y] = [0, 0]): ReadonlySet<string> {
  return captioned(items, { still: { scale, x, y }, stage: STAGE });
}

test("of a few all have one, however small they are and wherever they lie", () => {
  expect(shown(row(MOST_CAPTIONS, 1), 0.01, [-9000, 0]).size).toBe(MOST_CAPTIONS);
});

test("of many that are small on the screen none has one but what is chosen", () => {
  const items = row(2000, 80);
  expect(shown(items, 0.1).size).toBe(0);
  expect([...shown(items.with(7, { ...row(8, 80)[7], id: "s7", around: [630, 0, 710, 80], first: true }), 0.1)]).toEqual(["s7"]);
});

test("seen from near those in sight have one, and what lies elsewhere has none", () => {
  // 1000 × 700 px at twice the size are 500 × 350 px of the image: six columns and four rows.
  expect([...shown(row(2000, 80), 2)]).toHaveLength(24);
  expect(shown(row(2000, 80), 2, [-1800, 0]).has("s0")).toBe(false);
});

test("there are never more than so many, and the widest have them", () => {
  const items = row(2000, 60).map((one, place): Captioned => (place < 5 ? { ...one, around: [0, 0, 85, 85] } : one));
  const ids = shown(items, 0.7);
  expect(ids.size).toBe(MOST_CAPTIONS);
  expect(["s0", "s1", "s2", "s3", "s4"].every((id) => ids.has(id))).toBe(true);
});

test("what covers nothing has none to show among many", () => {
  expect(shown([...row(300, 80), { id: "none", around: null, first: true }], 0.5).has("none")).toBe(false);
});
