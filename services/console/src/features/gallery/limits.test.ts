import { expect, test } from "vitest";
import { objection } from "./limits";

test("an image may have 100 million bytes and not one more, as the gallery counts", () => {
  expect(objection("a.png", 100_000_000)).toBeNull();
  expect(objection("a.png", 100_000_001)).toBe("tooLarge");
});

test("only the formats of the manual are sent, whatever the case of the suffix", () => {
  expect(objection("A.JPEG", 1)).toBeNull();
  expect(objection("a.bmp", 1)).toBeNull();
  expect(objection("a.gif", 1)).toBe("format");
  expect(objection("jpg", 1)).toBe("format");
});
