import { expect, test } from "vitest";
import { verdictOf } from "./comparison";

test("only a difference that is hardly chance counts", () => {
  expect(verdictOf({ difference: 0.02, p_value: 0.46 })).toBe("chance");
  expect(verdictOf({ difference: 0.07, p_value: 0.006 })).toBe("better");
  expect(verdictOf({ difference: -0.07, p_value: 0.006 })).toBe("worse");
  expect(verdictOf({ difference: 0.07, p_value: 0.05 })).toBe("chance");
  expect(verdictOf({ difference: 0, p_value: 1 })).toBe("same");
  expect(verdictOf({ difference: null, p_value: 1 })).toBe("unknown");
});
