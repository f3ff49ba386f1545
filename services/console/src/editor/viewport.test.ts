import { expect, test } from "vitest";
import { fit, reached, toImage, toScreen, zoomAt } from "./viewport";

const IMAGE = { width: 4000, height: 3000 };
const STAGE = { width: 800, height: 800 };

test("fitting shows the whole image in the middle", () => {
  expect(fit(IMAGE, STAGE)).toEqual({ scale: 0.2, x: 0, y: 100 });
});

test("a tiny image is not blown up without end", () => {
  expect(fit({ width: 30, height: 30 }, STAGE).scale).toBe(4);
});

test("zooming keeps the point under the pointer", () => {
  const view = fit(IMAGE, STAGE);
  const under = toImage(view, [123, 456]);
  const zoomed = zoomAt(view, [123, 456], 2.5, 0.1);
  expect(zoomed.scale).toBeCloseTo(0.5);
  expect(toScreen(zoomed, under)[0]).toBeCloseTo(123);
  expect(toScreen(zoomed, under)[1]).toBeCloseTo(456);
});

test("zoom has a floor and a ceiling", () => {
  const view = fit(IMAGE, STAGE);
  expect(zoomAt(view, [0, 0], 1e-6, 0.1).scale).toBe(0.1);
  expect(zoomAt(view, [0, 0], 1e6, 0.1).scale).toBe(32);
});

test("what is seen well is left where it is; what is tiny or out of sight comes to the middle", () => {
  const view = fit(IMAGE, STAGE);
  expect(reached(view, [100, 100, 300, 300], STAGE)).toBeNull();
  const close = reached(view, [1000, 1000, 1010, 1020], STAGE);
  expect(close?.scale).toBe(10);
  expect(close && toScreen(close, [1005, 1010])).toEqual([400, 400]);
  const beside = reached({ scale: 1, x: 0, y: 0 }, [3000, 2000, 3100, 2100], STAGE);
  expect(beside).toEqual({ scale: 1, x: -2650, y: -1650 });
  // Larger than the window: as much smaller as lets it be seen whole.
  expect(reached({ scale: 1, x: 0, y: 0 }, [0, 0, 1600, 10], STAGE)?.scale).toBe(0.5);
});
