import { expect, test } from "vitest";
import { bytes, clock, decimal, decimalRange, percent, range, wholeMinutes } from "./format";

test("minutes of a training are rounded down, as the manual's records are", () => {
  expect(wholeMinutes(7 * 60 + 31)).toBe(7);
  expect(wholeMinutes(24 * 60 + 14)).toBe(24);
  expect(wholeMinutes(59)).toBe(0);
});

test("a figure that does not exist is a dash, never zero", () => {
  expect(percent(null)).toBe("—");
  expect(decimal(undefined)).toBe("—");
  expect(percent(0)).toBe("0.0%");
});

test("sizes and times left", () => {
  expect(bytes(100_000_000)).toBe("100.0 MB");
  expect(bytes(12)).toBe("12 B");
  expect(clock(65)).toBe("1:05");
  expect(clock(3_723)).toBe("1:02:03");
  expect(clock(-3)).toBe("0:00");
});

test("an interval without an end is not shown", () => {
  expect(range({ low: 0.8312, high: 0.9388 })).toBe("83.1–93.9%");
  expect(range({ low: null, high: 0.9 })).toBe("");
  expect(range(undefined)).toBe("");
  expect(decimalRange({ low: 0.8821, high: 0.9509 })).toBe("0.882–0.951");
});
