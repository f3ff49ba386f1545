// @vitest-environment happy-dom
import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useView } from "./useView";

const IMAGE = { width: 1000, height: 800 };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function shown() {
  const { result } = renderHook(() => useView(IMAGE, "always"));
  const show = (scale: number, x = 0): void => act(() => result.current.show({ scale, x, y: 0 }));
  return { result, show };
}

test("lines are painted where the picture rests, not at each step to there", () => {
  const { result, show } = shown();
  show(1);
  expect(result.current.still).toEqual({ scale: 1, x: 0, y: 0 });
  for (const scale of [1.2, 1.4, 1.6]) {
    show(scale, -scale);
    act(() => void vi.advanceTimersByTime(100));
    expect(result.current.still.scale).toBe(1);
  }
  act(() => void vi.advanceTimersByTime(20));
  expect(result.current.still).toEqual(result.current.view);
  expect(result.current.view).toEqual({ scale: 1.6, x: -1.6, y: 0 });
});

test.each([4.1, 0.49])("what was painted does not stand for what is %f times as large", (scale) => {
  const { result, show } = shown();
  show(1);
  show(scale);
  expect(result.current.still).toEqual(result.current.view);
});
