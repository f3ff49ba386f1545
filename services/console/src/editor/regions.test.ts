import { expect, test } from "vitest";
import { ringArea, type Point } from "./geometry";
import type { Columns, Run } from "./masks";
import { areaOfColumns, closed, columnsWithin, edgeOf, mixed, pieces } from "./regions";

/** Columns of a drawing, a letter a pixel. */
function drawn(...rows: readonly string[]): Columns {
  const columns = new Map<number, Run[]>();
  const width = rows[0]?.length ?? 0;
  for (let column = 0; column < width; column += 1) {
    const runs: Run[] = [];
    for (const [row, text] of rows.entries()) {
      if (text[column] !== "#") continue;
      const last = runs.at(-1);
      if (last?.[1] === row) runs[runs.length - 1] = [last[0], row + 1];
      else runs.push([row, row + 1]);
    }
    if (runs.length > 0) columns.set(column, runs);
  }
  return columns;
}

const RING = drawn("#####", "#...#", "#.#.#", "#...#", "#####");

test("what touches only at a corner is two pieces, the larger first", () => {
  const found = pieces(drawn("##..", "##..", "..#.", "...."));
  expect(found.map(areaOfColumns)).toEqual([4, 1]);
});

test("pieces that meet further on are one", () => {
  expect(pieces(drawn("#.#.#", "#.#.#", "#####"))).toHaveLength(1);
  expect(pieces(drawn("#####", "#...#", "#####"))).toHaveLength(1);
  expect(pieces(RING).map(areaOfColumns)).toEqual([16, 1]);
});

test("many runs are told apart as a search from each would", () => {
  // A fixed sequence: the same picture each time.
  let state = 7;
  const rows = Array.from({ length: 24 }, () =>
    Array.from({ length: 30 }, () => ((state = (state * 1103515245 + 12345) % 2 ** 31) / 2 ** 31 < 0.55 ? "#" : ".")).join(""),
  );
  const seen = new Set<string>();
  const areas: number[] = [];
  const is = (x: number, y: number): boolean => rows[y]?.[x] === "#" && !seen.has(`${x},${y}`);
  for (let y = 0; y < 24; y += 1) {
    for (let x = 0; x < 30; x += 1) {
      const waiting = is(x, y) ? [[x, y] as const] : [];
      let area = 0;
      for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
        const [px, py] = at;
        if (!is(px, py)) continue;
        seen.add(`${px},${py}`);
        area += 1;
        waiting.push([px + 1, py], [px - 1, py], [px, py + 1], [px, py - 1]);
      }
      if (area > 0) areas.push(area);
    }
  }
  expect(areas.length).toBeGreaterThan(10);
  expect(pieces(drawn(...rows)).map(areaOfColumns)).toEqual(areas.sort((a, b) => b - a));
});

test("holes are closed, larger ones only where that is wanted, bays stay", () => {
  expect(areaOfColumns(closed(RING))).toBe(25);
  expect(areaOfColumns(closed(drawn("####", "#.##", "####", "##.#", "##.#"), 1))).toBe(18);
  expect(areaOfColumns(closed(drawn("####", "#..#", "####"), 1))).toBe(10);
});

test("the edge goes around the outside once, by corners", () => {
  expect(edgeOf(drawn(".....", ".###.", ".###."))).toEqual([[4, 1], [4, 3], [1, 3], [1, 1]]);
  expect(ringArea(edgeOf(RING))).toBe(25);
  const [first = new Map<number, Run[]>()] = pieces(drawn("##.", "##.", "..#"));
  expect(ringArea(edgeOf(first))).toBe(4);
  expect(ringArea(edgeOf(drawn("#.#", "###", ".#.")))).toBe(6);
});

test("an outline covers the pixels whose middle it holds, and its edge is that area again", () => {
  const size = [20, 20];
  const square: Point[] = [[2, 3], [8, 3], [8, 9], [2, 9]];
  const columns = columnsWithin(square, size);
  expect(areaOfColumns(columns)).toBe(36);
  expect(ringArea(edgeOf(columns))).toBe(36);
  expect(areaOfColumns(columnsWithin([[-5, -5], [5, -5], [5, 5], [-5, 5]], size))).toBe(25);
  const hourglass: Point[] = [[0, 0], [10, 0], [0, 10], [10, 10]];
  expect(Math.abs(areaOfColumns(columnsWithin(hourglass, size)) - 50)).toBeLessThan(8);
});

test("areas are laid together and taken from one another", () => {
  const [a, b] = [drawn("##.", "##."), drawn(".##", "...")];
  expect(areaOfColumns(mixed(a, b, "add"))).toBe(5);
  expect(areaOfColumns(mixed(a, b, "subtract"))).toBe(3);
  expect(mixed(a, a, "subtract").size).toBe(0);
});
