import { expect, test } from "vitest";
import { columnsOfRuns, evenArea, flooded } from "./flood";
import { L_STEPS, labOf } from "./lab";

type Colour = readonly [red: number, green: number, blue: number];

function picture(width: number, height: number, colourAt: (x: number, y: number) => Colour) {
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) rgba.set([...colourAt(x, y), 255], (y * width + x) * 4);
  }
  return labOf(rgba, width, height);
}

function area(runs: Int32Array): number {
  let sum = 0;
  for (let at = 0; at < runs.length; at += 3) sum += (runs[at + 2] ?? 0) - (runs[at + 1] ?? 0);
  return sum;
}

test("colours are those of CIE L*a*b*", () => {
  // By colour-science's XYZ_to_Lab of sRGB under D65.
  const known: readonly (readonly [Colour, readonly number[]])[] = [
    [[255, 255, 255], [100, 0, 0]],
    [[0, 0, 0], [0, 0, 0]],
    [[255, 0, 0], [53.24, 80.09, 67.2]],
    [[0, 255, 0], [87.73, -86.18, 83.18]],
    [[0, 0, 255], [32.3, 79.19, -107.86]],
    [[128, 128, 128], [53.59, 0, 0]],
  ];
  for (const [colour, [l = 0, a = 0, b = 0]] of known) {
    const lab = picture(1, 1, () => colour);
    const pixel = lab.pixels[0] ?? 0;
    expect(Math.abs((pixel & 0xff) / L_STEPS - l)).toBeLessThan(0.4);
    expect(Math.abs(((pixel >> 8) & 0xff) - 128 - a)).toBeLessThan(1);
    expect(Math.abs((pixel >> 16) - 128 - b)).toBeLessThan(1);
  }
});

test("it takes what has the colour and hangs together, and nothing behind a wall", () => {
  // Two grey halves with a dark wall between them, which has a gap of one pixel.
  const walled = (gap: number) => picture(11, 9, (x, y) => (x === 5 && y !== gap ? [20, 20, 20] : [180, 180, 180]));
  expect(area(flooded(walled(-1), [2, 4], 5))).toBe(45);
  expect(area(flooded(walled(8), [2, 4], 5))).toBe(91);
  expect(area(flooded(walled(-1), [2, 4], 100))).toBe(99);
});

test("the tolerance is a distance of colours", () => {
  // A level slope of greys: each column a little lighter.
  const slope = picture(200, 3, (x) => [x, x, x]);
  const reached = [2, 5, 10, 20].map((tolerance) => area(flooded(slope, [100, 1], tolerance)) / 3);
  expect(reached).toEqual([...reached].sort((a, b) => a - b));
  // L* of grey 100 is 42.4; ten units to both sides are the greys from 77 to 124.
  expect(Math.abs((reached[2] ?? 0) - 48)).toBeLessThanOrEqual(3);
  const tinted = picture(10, 3, (x) => (x < 5 ? [128, 128, 128] : [150, 120, 120]));
  expect(area(flooded(tinted, [1, 1], 5))).toBe(15);
});

test("outside the picture there is nothing, and each pixel is taken once", () => {
  const even = picture(8, 6, () => [90, 90, 90]);
  expect(area(flooded(even, [-1, 2], 50))).toBe(0);
  expect(area(flooded(even, [8, 2], 50))).toBe(0);
  const spiral = picture(9, 9, (x, y) => ((x + y) % 4 === 0 ? [0, 0, 0] : [255, 255, 255]));
  const runs = flooded(spiral, [1, 1], 10);
  const pixels = new Set<number>();
  for (let at = 0; at < runs.length; at += 3) {
    for (let row = runs[at + 1] ?? 0; row < (runs[at + 2] ?? 0); row += 1) pixels.add((runs[at] ?? 0) * 9 + row);
  }
  expect(pixels.size).toBe(area(runs));
});

test("the wand's area has no specks of noise, but the holes that are the part's own", () => {
  // A speck of one pixel, and holes just under and over a hundredth of what is found.
  const holes = [[2, 2, 1, 1], [5, 5, 7, 2], [20, 20, 4, 4], [10, 30, 10, 5]] as const;
  const holed = picture(40, 40, (x, y) => (holes.some(([left, top, width, height]) => x >= left && x < left + width && y >= top && y < top + height) ? [0, 0, 0] : [150, 150, 150]));
  expect(area(flooded(holed, [35, 5], 5))).toBe(1600 - 1 - 14 - 16 - 50);
  const found = evenArea(holed, [35, 5], 5);
  expect(area(found)).toBe(1600 - 16 - 50);
  expect(columnsOfRuns(found).get(20)).toEqual([[0, 20], [24, 40]]);
  expect(columnsOfRuns(found).get(2)).toEqual([[0, 40]]);
  expect(columnsOfRuns(found).get(39)).toEqual([[0, 40]]);
});

test("nothing is found outside the picture", () => {
  expect(evenArea(picture(4, 4, () => [90, 90, 90]), [9, 9], 50)).toHaveLength(0);
});
