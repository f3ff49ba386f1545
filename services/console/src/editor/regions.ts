/** Areas of pixels as runs of columns: what hangs together, holes, outlines, and back from an outline. */
import type { Point } from "./geometry";
import { combined, extent, type Columns, type Run } from "./masks";

/** Runs in the order of their columns and rows, flat. */
interface Listed {
  readonly column: readonly number[];
  readonly run: readonly Run[];
}

function listed(columns: Columns): Listed {
  const column: number[] = [];
  const run: Run[] = [];
  for (const at of [...columns.keys()].sort((a, b) => a - b)) {
    for (const one of columns.get(at) ?? []) {
      column.push(at);
      run.push(one);
    }
  }
  return { column, run };
}

export function areaOfColumns(columns: Columns): number {
  let area = 0;
  for (const runs of columns.values()) for (const [from, to] of runs) area += to - from;
  return area;
}

/** The parts of an area that hang together side by side, the largest first. */
export function pieces(columns: Columns): Columns[] {
  const { column, run } = listed(columns);
  const parent = column.map((_, place) => place);
  const head = (place: number): number => {
    let at = place;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at] ?? at] ?? at;
      at = parent[at] ?? at;
    }
    return at;
  };
  let before = 0;
  for (let at = 0; at < run.length; at += 1) {
    const [place = 0, [from, to] = [0, 0]] = [column[at], run[at]];
    // Runs of the column to the left that end over this one touch none of those below it either.
    while ((column[before] ?? place) < place - 1 || (column[before] === place - 1 && (run[before]?.[1] ?? 0) <= from)) before += 1;
    for (let beside = before; column[beside] === place - 1 && (run[beside]?.[0] ?? to) < to; beside += 1) {
      parent[head(beside)] = head(at);
    }
  }
  const parts = new Map<number, Map<number, Run[]>>();
  run.forEach((one, at) => {
    const part = parts.get(head(at)) ?? new Map<number, Run[]>();
    parts.set(head(at), part);
    const place = column[at] ?? 0;
    const runs = part.get(place);
    if (runs === undefined) part.set(place, [one]);
    else runs.push(one);
  });
  const sized = [...parts.values()].map((part) => [areaOfColumns(part), part] as const);
  return sized.sort(([a], [b]) => b - a).map(([, part]) => part);
}

/** Together, or the first without the second. */
export function mixed(left: Columns, right: Columns, how: "add" | "subtract"): Columns {
  const keeps = how === "add" ? (l: boolean, r: boolean) => l || r : (l: boolean, r: boolean) => l && !r;
  const result = new Map<number, readonly Run[]>(left);
  for (const [column, runs] of right) {
    const after = combined(left.get(column) ?? [], runs, keeps);
    if (after.length > 0) result.set(column, after);
    else result.delete(column);
  }
  return result;
}

/** Areas without a pixel in common as one. */
export function together(areas: readonly Columns[]): Columns {
  const whole = new Map<number, Run[]>();
  for (const area of areas) for (const [column, runs] of area) whole.set(column, [...(whole.get(column) ?? []), ...runs]);
  for (const runs of whole.values()) runs.sort(([a], [b]) => a - b);
  return whole;
}

/** The area with every hole closed that has at most so many pixels. */
export function closed(columns: Columns, atMost = Infinity): Columns {
  // Where no column has a gap there is no hole either.
  if (![...columns.values()].some((runs) => runs.length > 1)) return columns;
  const [left, top, right, bottom] = extent(columns);
  const ground = new Map<number, Run[]>();
  for (let column = left - 1; column <= right; column += 1) {
    const around: Run[] = [[top - 1, bottom + 1]];
    ground.set(column, combined(around, columns.get(column) ?? [], (l, r) => l && !r));
  }
  const holes = pieces(ground).filter((part) => !part.has(left - 1) && areaOfColumns(part) <= atMost);
  return holes.length === 0 ? columns : mixed(columns, together(holes), "add");
}

const STEPS: readonly Point[] = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
];
/** The pixel to the left and the one to the right ahead of a corner, going east, south, west, north. */
const AHEAD: readonly (readonly [left: Point, right: Point])[] = [
  [[0, -1], [0, 0]],
  [[0, 0], [-1, 0]],
  [[-1, 0], [-1, -1]],
  [[-1, -1], [0, -1]],
];

/** The outer edge of an area that hangs together, along the pixels' sides: its corners, clockwise as it looks. */
export function edgeOf(columns: Columns): Point[] {
  if (columns.size === 0) return [];
  const [left, top, right, bottom] = extent(columns);
  const height = bottom - top;
  const covered = new Uint8Array((right - left) * height);
  for (const [column, runs] of columns) {
    for (const [from, to] of runs) covered.fill(1, (column - left) * height + from - top, (column - left) * height + to - top);
  }
  const isIn = (x: number, y: number): boolean =>
    x >= left && x < right && y >= top && y < bottom && covered[(x - left) * height + y - top] === 1;
  const start: Point = [left, columns.get(left)?.[0]?.[0] ?? top];
  const ring: Point[] = [];
  let [[x, y], way] = [start, 0];
  do {
    const [stepX, stepY] = STEPS[way] ?? [0, 0];
    x += stepX;
    y += stepY;
    const [[leftX, leftY], [rightX, rightY]] = AHEAD[way] ?? [[0, 0], [0, 0]];
    if (!isIn(x + rightX, y + rightY)) way = (way + 1) % 4;
    else if (isIn(x + leftX, y + leftY)) way = (way + 3) % 4;
    else continue;
    ring.push([x, y]);
  } while (x !== start[0] || y !== start[1] || way !== 0);
  return ring;
}

/** The pixels whose centre lies in a ring (even-odd), inside an image of this height and width. */
export function columnsWithin(ring: readonly Point[], [height = 0, width = 0]: readonly number[]): Columns {
  const crossings = new Map<number, number[]>();
  ring.forEach(([x1, y1], place) => {
    const [x2, y2] = ring[(place + 1) % ring.length] ?? [x1, y1];
    // A column is crossed where its middle lies between the ends.
    const [first, last] = [Math.max(0, Math.ceil(Math.min(x1, x2) - 0.5)), Math.min(width, Math.ceil(Math.max(x1, x2) - 0.5))];
    for (let column = first; column < last; column += 1) {
      const at = y1 + ((column + 0.5 - x1) / (x2 - x1)) * (y2 - y1);
      const row = Math.min(height, Math.max(0, Math.ceil(at - 0.5)));
      const known = crossings.get(column);
      if (known === undefined) crossings.set(column, [row]);
      else known.push(row);
    }
  });
  const columns = new Map<number, Run[]>();
  for (const [column, rows] of crossings) {
    const runs = paired(rows.sort((a, b) => a - b));
    if (runs.length > 0) columns.set(column, runs);
  }
  return columns;
}

function paired(rows: readonly number[]): Run[] {
  const runs: Run[] = [];
  for (let at = 0; at + 1 < rows.length; at += 2) {
    const [from = 0, to = 0] = [rows[at], rows[at + 1]];
    const last = runs.at(-1);
    if (last !== undefined && last[1] === from) runs[runs.length - 1] = [last[0], to];
    else if (from < to) runs.push([from, to]);
  }
  return runs;
}
