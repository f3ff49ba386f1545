/** What hangs together with a point and has its colour: what the magic wand finds. */
import { L_STEPS, type Lab } from "./lab";
import type { Columns, Run } from "./masks";
import { areaOfColumns, closed } from "./regions";

/** Runs of columns, three numbers each: the column, its first covered row, the row behind its last one. */
type FlatRuns = Int32Array<ArrayBuffer>;

/** Holes up to this share of the area are noise; larger ones are the part's own. */
const NOISE = 0.01;

/** A colour in the steps of a Lab, and how far from it is near: 2 ΔL² + 13 (Δa² + Δb²), as whole numbers. */
interface Wanted {
  readonly l: number;
  readonly a: number;
  readonly b: number;
  readonly limit: number;
}

/**
 * ΔE² of CIE76 in steps of L*, doubled: a step of a* or b* is 2.55 of them, and 2 × 2.55² is 13. Takes numbers
 * because it is the innermost part of the wand: fields of an object would be read for each pixel.
 */
function isNear(colour: number, l: number, a: number, b: number, limit: number): boolean {
  const dl = (colour & 0xff) - l;
  const da = ((colour >> 8) & 0xff) - a;
  const db = (colour >> 16) - b;
  // Whole numbers throughout: a product of others would have to be looked at for -0 and for overflow.
  return Math.imul(dl, dl << 1) + Math.imul(13, Math.imul(da, da) + Math.imul(db, db)) <= limit;
}

/** The mean colour of the nine pixels about a place: one noisy pixel does not decide. */
function colourAbout({ width, height, pixels }: Lab, x: number, y: number, tolerance: number): Wanted {
  let [l, a, b, count] = [0, 0, 0, 0];
  for (let column = Math.max(0, x - 1); column <= Math.min(width - 1, x + 1); column += 1) {
    for (let row = Math.max(0, y - 1); row <= Math.min(height - 1, y + 1); row += 1) {
      const colour = pixels[column * height + row] ?? 0;
      l += colour & 0xff;
      a += (colour >> 8) & 0xff;
      b += colour >> 16;
      count += 1;
    }
  }
  const limit = Math.round(2 * (tolerance * L_STEPS) ** 2);
  return { l: Math.round(l / count), a: Math.round(a / count), b: Math.round(b / count), limit };
}

/**
 * All that can be reached from a pixel, sideways and up and down, over pixels no further from its colour than
 * `tolerance` (CIE76 ΔE): whole runs of columns at a time (Smith 1979). In no particular order.
 */
export function flooded(lab: Lab, [seedX, seedY]: readonly [number, number], tolerance: number): FlatRuns {
  const { width, height, taken } = lab;
  const [x, y] = [Math.floor(seedX), Math.floor(seedY)];
  if (x < 0 || y < 0 || x >= width || y >= height) return new Int32Array();
  const wanted = colourAbout(lab, x, y, tolerance);
  const runs: number[] = [];
  reach(lab, wanted, x, [y, y + 1], runs);
  for (let at = 0; at < runs.length; at += 3) {
    const [column = 0, from = 0, to = 0] = [runs[at], runs[at + 1], runs[at + 2]];
    if (column > 0) reach(lab, wanted, column - 1, [from, to], runs);
    if (column + 1 < width) reach(lab, wanted, column + 1, [from, to], runs);
  }
  const found = Int32Array.from(runs);
  for (let at = 0; at < found.length; at += 3) {
    const start = (found[at] ?? 0) * height;
    taken.fill(0, start + (found[at + 1] ?? 0), start + (found[at + 2] ?? 0));
  }
  return found;
}

/** Take the runs of a column that begin or pass between two rows. */
function reach(lab: Lab, wanted: Wanted, column: number, [from, to]: Run, runs: number[]): void {
  const { height, pixels, taken, words } = lab;
  const { l, a, b, limit } = wanted;
  const top = column * height;
  const bottom = top + height;
  const last = top + to;
  for (let at = top + from; at < last; at += 1) {
    if (taken[at] !== 0) {
      // Where one came from all is taken: four pixels are passed at a time.
      while (((at + 1) & 3) === 0 && at + 4 < last && words[(at + 1) >> 2] === 0x01010101) at += 4;
      continue;
    }
    if (!isNear(pixels[at] ?? 0, l, a, b, limit)) continue;
    let first = at;
    while (first > top && isNear(pixels[first - 1] ?? 0, l, a, b, limit)) first -= 1;
    do at += 1;
    while (at < bottom && isNear(pixels[at] ?? 0, l, a, b, limit));
    taken.fill(1, first, at);
    runs.push(column, first - top, at - top);
  }
}

export function columnsOfRuns(runs: FlatRuns): Columns {
  const columns = new Map<number, Run[]>();
  for (let at = 0; at < runs.length; at += 3) {
    const column = runs[at] ?? 0;
    const run: Run = [runs[at + 1] ?? 0, runs[at + 2] ?? 0];
    const known = columns.get(column);
    if (known === undefined) columns.set(column, [run]);
    else known.push(run);
  }
  for (const known of columns.values()) known.sort(([a], [b]) => a - b);
  return columns;
}

function runsOfColumns(columns: Columns): FlatRuns {
  const flat: number[] = [];
  for (const [column, runs] of columns) for (const [from, to] of runs) flat.push(column, from, to);
  return Int32Array.from(flat);
}

/** What `flooded` finds, without the specks that noise leaves in it. */
export function evenArea(lab: Lab, seed: readonly [number, number], tolerance: number): FlatRuns {
  const columns = columnsOfRuns(flooded(lab, seed, tolerance));
  return runsOfColumns(closed(columns, NOISE * areaOfColumns(columns)));
}
