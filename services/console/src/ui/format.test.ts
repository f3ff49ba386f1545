import { expect, test } from "vitest";
import { bytes, clock, clockTime, decimal, decimalRange, percent, range, time } from "./format";

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

test("an instant is told in the reader's own time, whatever zone it was written in", () => {
  const at = new Date(2026, 0, 5, 8, 3, 9);
  expect(time(at.toISOString())).toBe("2026-01-05 08:03:09");
  expect(time(at.toISOString().replace("Z", "+00:00"))).toBe("2026-01-05 08:03:09");
  expect(clockTime(at.getTime())).toBe("08:03");
  expect(time("")).toBe("—");
});

test("an interval without an end is not shown", () => {
  expect(range({ low: 0.8312, high: 0.9388 })).toBe("83.1–93.9%");
  expect(range({ low: null, high: 0.9 })).toBe("");
  expect(range(undefined)).toBe("");
  expect(decimalRange({ low: 0.8821, high: 0.9509 })).toBe("0.882–0.951");
});
