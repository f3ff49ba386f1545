import { expect, test } from "vitest";
import { objection } from "./limits";

test("an image may have as many bytes as the gallery takes and not one more", () => {
  expect(objection("a.png", 100, 100)).toBeNull();
  expect(objection("a.png", 101, 100)).toBe("tooLarge");
});

test("only the formats of the manual are sent, whatever the case of the suffix", () => {
  expect(objection("A.JPEG", 1)).toBeNull();
  expect(objection("a.bmp", 1)).toBeNull();
  expect(objection("a.gif", 1)).toBe("format");
  expect(objection("jpg", 1)).toBe("format");
});
