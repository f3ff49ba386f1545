import { expect, test } from "vitest";
import { NOTHING_ASKED, toQuestion } from "./question";

test("nothing typed asks for what the project knows", () => {
  expect(toQuestion(NOTHING_ASKED)).toEqual({});
});

test("half a pair is not asked for yet", () => {
  expect(toQuestion({ ...NOTHING_ASKED, targetWidth: 12, rows: 2, imageHeight: 3000 })).toEqual({});
});

test("a target is its area and its longer side", () => {
  const asked = { ...NOTHING_ASKED, targetWidth: 12, targetHeight: 40, rows: 2, columns: 3 };
  expect(toQuestion(asked)).toEqual({
    min_target_area: 480,
    max_target_side: 40,
    rows: 2,
    columns: 3,
    overlap_px: 0,
  });
});

test("an overlap belongs to a grid", () => {
  expect(toQuestion({ ...NOTHING_ASKED, overlap: 32 })).toEqual({});
  expect(toQuestion({ ...NOTHING_ASKED, rows: 2, columns: 2, overlap: 32 })).toMatchObject({ overlap_px: 32 });
});
