/** Masks as they come over the wire, ready to draw. */
import type { Box } from "./geometry";

/** COCO run-length code: `size` is (height, width), `counts` the compressed text. */
export interface Rle {
  readonly size: readonly number[];
  readonly counts: string;
}

/** SVG paths in image pixels: the area of a mask, and the pixel edges around it. */
export interface MaskPaths {
  readonly area: string;
  readonly edge: string;
}

type Run = readonly [from: number, to: number];

const FIRST_CHARACTER = 48;
const BITS = 5;

/**
 * Lengths of the runs, background first. Five bits a character, the lowest first; bit 6 says that
 * more follow, the highest bit of the last is the sign. From the fourth run on, a run is told as the
 * difference to the one before the last.
 */
export function runLengths(counts: string): number[] {
  const lengths: number[] = [];
  let value = 0;
  let weight = 1;
  for (const character of counts) {
    const bits = character.charCodeAt(0) - FIRST_CHARACTER;
    value += (bits & 0x1f) * weight;
    weight *= 2 ** BITS;
    if ((bits & 0x20) !== 0) continue;
    if ((bits & 0x10) !== 0) value -= weight;
    lengths.push(lengths.length > 2 ? value + (lengths.at(-2) ?? 0) : value);
    value = 0;
    weight = 1;
  }
  return lengths;
}

/** What is covered of each column, from the top down; columns that hold nothing are not there. */
function coveredColumns({ size, counts }: Rle): Map<number, Run[]> {
  const height = size[0] ?? 0;
  const columns = new Map<number, Run[]>();
  let place = 0;
  runLengths(counts).forEach((length, index) => {
    const end = place + length;
    for (let at = place; index % 2 === 1 && at < end; ) {
      const column = Math.floor(at / height);
      const stop = Math.min(end, (column + 1) * height);
      const runs = columns.get(column) ?? [];
      runs.push([at - column * height, stop - column * height]);
      columns.set(column, runs);
      at = stop;
    }
    place = end;
  });
  return columns;
}

/** The runs that exactly one of two columns covers. */
function difference(left: readonly Run[], right: readonly Run[]): Run[] {
  const ends = [...left, ...right].flat().sort((a, b) => a - b);
  const runs: Run[] = [];
  for (let at = 0; at + 1 < ends.length; at += 2) {
    const [from = 0, to = 0] = ends.slice(at, at + 2);
    if (from < to) runs.push([from, to]);
  }
  return runs;
}

export function maskPaths(mask: Rle): MaskPaths {
  const columns = coveredColumns(mask);
  const area: string[] = [];
  const edge: string[] = [];
  const sides = (column: number): void => {
    const runs = difference(columns.get(column - 1) ?? [], columns.get(column) ?? []);
    edge.push(...runs.map(([from, to]) => `M${column} ${from}V${to}`));
  };
  for (const [column, runs] of columns) {
    for (const [from, to] of runs) {
      area.push(`M${column} ${from}h1V${to}h-1z`);
      edge.push(`M${column} ${from}h1M${column} ${to}h1`);
    }
    sides(column);
    if (!columns.has(column + 1)) sides(column + 1);
  }
  return { area: area.join(""), edge: edge.join("") };
}

/** The upright box around a mask; null for an empty one. */
export function maskBox(mask: Rle): Box | null {
  const columns = coveredColumns(mask);
  if (columns.size === 0) return null;
  const runs = [...columns.values()].flat();
  const [left, right] = [Math.min(...columns.keys()), Math.max(...columns.keys()) + 1];
  const top = runs.reduce((least, [from]) => Math.min(least, from), Infinity);
  const bottom = runs.reduce((most, [, to]) => Math.max(most, to), 0);
  return [left, top, right, bottom];
}
