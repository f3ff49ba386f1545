/** Masks as they come over the wire, as runs of columns: to draw, to shift and to paint on. */
import type { Box, Point } from "./geometry";

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

export type Run = readonly [from: number, to: number];
/** What is covered of each column, from the top down; columns that hold nothing are not there. */
export type Columns = ReadonlyMap<number, readonly Run[]>;

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

/** The text of runs, as {@link runLengths} reads it. */
export function runText(lengths: readonly number[]): string {
  let text = "";
  lengths.forEach((length, place) => {
    let value = place > 2 ? length - (lengths[place - 2] ?? 0) : length;
    for (let more = true; more; ) {
      let bits = ((value % 32) + 32) % 32;
      value = Math.floor(value / 32);
      more = (bits & 0x10) === 0 ? value !== 0 : value !== -1;
      if (more) bits |= 0x20;
      text += String.fromCharCode(bits + FIRST_CHARACTER);
    }
  });
  return text;
}

export function columnsOf({ size, counts }: Rle): Map<number, Run[]> {
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

/** The mask of columns on an image of this size; null where nothing is covered. */
export function maskOf(columns: Columns, [height = 0, width = 0]: readonly number[]): Rle | null {
  const lengths: number[] = [];
  let [end, covered] = [0, false];
  for (const column of [...columns.keys()].sort((a, b) => a - b)) {
    for (const [from, to] of columns.get(column) ?? []) {
      const [start, stop] = [column * height + from, column * height + to];
      // What goes on at the top of the next column is one run.
      if (covered && start === end) lengths.push((lengths.pop() ?? 0) + stop - start);
      else lengths.push(start - end, stop - start);
      [end, covered] = [stop, true];
    }
  }
  if (!covered) return null;
  if (end < height * width) lengths.push(height * width - end);
  return { size: [height, width], counts: runText(lengths) };
}

/** The runs that a rule on (covered left, covered right) leaves of two columns. */
export function combined(left: readonly Run[], right: readonly Run[], keeps: (l: boolean, r: boolean) => boolean): Run[] {
  const steps = [
    ...left.flat().map((at) => [at, 0] as const),
    ...right.flat().map((at) => [at, 1] as const),
  ].sort(([a], [b]) => a - b);
  const covered: [boolean, boolean] = [false, false];
  const runs: Run[] = [];
  let from: number | null = null;
  for (const [place, [at, side]] of steps.entries()) {
    covered[side] = !covered[side];
    if (steps[place + 1]?.[0] === at) continue;
    const kept = keeps(...covered);
    if (kept) from ??= at;
    else if (from !== null) {
      if (from < at) runs.push([from, at]);
      from = null;
    }
  }
  return runs;
}

export function maskPaths(mask: Rle): MaskPaths {
  const columns = columnsOf(mask);
  const area: string[] = [];
  const edge: string[] = [];
  const sides = (column: number): void => {
    const [left, right] = [columns.get(column - 1) ?? [], columns.get(column) ?? []];
    const runs = combined(left, right, (l, r) => l !== r);
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

/** The upright box around an area; of an empty one it is turned inside out. */
export function extent(columns: Columns): Box {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [column, runs] of columns) {
    left = Math.min(left, column);
    right = Math.max(right, column + 1);
    top = Math.min(top, runs[0]?.[0] ?? top);
    bottom = Math.max(bottom, runs.at(-1)?.[1] ?? bottom);
  }
  return [left, top, right, bottom];
}

/** The upright box around a mask; null for an empty one. */
export function maskBox(mask: Rle): Box | null {
  const columns = columnsOf(mask);
  return columns.size === 0 ? null : extent(columns);
}

/** Pixels that a mask covers. */
export function maskArea({ counts }: Rle): number {
  return runLengths(counts).reduce((sum, length, place) => (place % 2 === 1 ? sum + length : sum), 0);
}

/** A mask some whole pixels further; what leaves the image is cut off, but never all of it. */
export function shifted(mask: Rle, [dx, dy]: Point): Rle {
  const [height = 0, width = 0] = mask.size;
  const columns = new Map<number, Run[]>();
  for (const [column, runs] of columnsOf(mask)) {
    const kept = runs.flatMap(([from, to]): Run[] => {
      const run: Run = [Math.max(0, from + dy), Math.min(height, to + dy)];
      return run[0] < run[1] ? [run] : [];
    });
    if (kept.length > 0 && column + dx >= 0 && column + dx < width) columns.set(column + dx, kept);
  }
  return maskOf(columns, mask.size) ?? mask;
}

/** What a round brush of this radius covers on its way from one point to another. */
export function strokeColumns(from: Point, to: Point, radius: number, size: readonly number[]): Columns {
  const [height = 0, width = 0] = size;
  const columns = new Map<number, Run[]>();
  const first = Math.max(0, Math.floor(Math.min(from[0], to[0]) - radius));
  const last = Math.min(width - 1, Math.ceil(Math.max(from[0], to[0]) + radius));
  for (let column = first; column <= last; column += 1) {
    const span = capsuleSpan(from, to, radius, column + 0.5);
    if (span === null) continue;
    const run: Run = [Math.max(0, Math.round(span[0])), Math.min(height, Math.round(span[1]))];
    if (run[0] < run[1]) columns.set(column, [run]);
  }
  return columns;
}

/** Where an upright line meets a stroke: its two discs and the band between them, which is convex. */
function capsuleSpan(from: Point, to: Point, radius: number, x: number): Run | null {
  const spans = [discSpan(from, radius, x), discSpan(to, radius, x)].filter((span) => span !== null);
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy);
  if (length > 0) {
    const normal: Point = [(-dy / length) * radius, (dx / length) * radius];
    const corners: Point[] = [
      [from[0] + normal[0], from[1] + normal[1]],
      [to[0] + normal[0], to[1] + normal[1]],
      [to[0] - normal[0], to[1] - normal[1]],
      [from[0] - normal[0], from[1] - normal[1]],
    ];
    const heights = corners.flatMap((corner, place) => crossing(corner, corners[(place + 1) % 4] ?? corner, x));
    if (heights.length > 0) spans.push([Math.min(...heights), Math.max(...heights)]);
  }
  if (spans.length === 0) return null;
  return [Math.min(...spans.map(([top]) => top)), Math.max(...spans.map(([, bottom]) => bottom))];
}

function discSpan([cx, cy]: Point, radius: number, x: number): Run | null {
  const square = radius ** 2 - (x - cx) ** 2;
  return square <= 0 ? null : [cy - Math.sqrt(square), cy + Math.sqrt(square)];
}

function crossing([x1, y1]: Point, [x2, y2]: Point, x: number): number[] {
  if (x1 === x2 || x < Math.min(x1, x2) || x > Math.max(x1, x2)) return [];
  return [y1 + ((x - x1) / (x2 - x1)) * (y2 - y1)];
}

/** A mask with a stroke added, or wiped out of it; null where nothing is left. */
export function painted(mask: Rle | null, stroke: Columns, size: readonly number[], wipes: boolean): Rle | null {
  const columns = new Map<number, readonly Run[]>(mask === null ? [] : columnsOf(mask));
  for (const [column, runs] of stroke) {
    const before = columns.get(column) ?? [];
    const after = combined(before, runs, wipes ? (l, r) => l && !r : (l, r) => l || r);
    if (after.length > 0) columns.set(column, after);
    else columns.delete(column);
  }
  return maskOf(columns, size);
}
