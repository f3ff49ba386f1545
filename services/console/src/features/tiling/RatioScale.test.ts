import { expect, test } from "vitest";
import { share } from "./RatioScale";

test("the scale keeps the order of ratios and never leaves its ends", () => {
  const places = [1, 50, 1_000, 5_000, 93_750, 1e9].map(share);
  expect(places).toEqual([...places].sort((a, b) => a - b));
  expect(places[0]).toBe(0);
  expect(places.at(-1)).toBe(1);
});
