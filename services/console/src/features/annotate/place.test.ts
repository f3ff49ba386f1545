import { expect, test } from "vitest";
import { markOfPlace, placeInAddress } from "./place";

test("a place that is told in an address is marked around", () => {
  const told = new URLSearchParams(placeInAddress([10, 20.5, 30, 40])).get("place");
  expect(markOfPlace(told)?.outline).toEqual([[6, 16.5], [34, 16.5], [34, 44], [6, 44]]);
  expect(placeInAddress(null)).toBe("");
});

test.each([null, "", "1,2,3", "1,2,3,x", "1,2,3,4,5", "NaN,1,2,3", "1e999,0,1,1"])("no place is read out of %j", (told) => {
  expect(markOfPlace(told)).toBeNull();
});
