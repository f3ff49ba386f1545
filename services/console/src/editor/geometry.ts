/** Points, sizes, boxes and rings in image pixels, as pure functions. */

export type Point = readonly [number, number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A box as its two corners, top-left and bottom-right. */
export type Box = readonly [number, number, number, number];

/** What of a box is pulled: a corner or a side, by its place. */
export type Handle = "nw" | "n" | "ne" | "e" | "se" | "s" | "sw" | "w";
export const HANDLES: readonly Handle[] = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

/** A box smaller than this on a side was a click, not a drawing. */
const SMALLEST_SIDE = 2;
/** In square pixels: half of the smallest box. */
const SMALLEST_AREA = 2;

export function boxCorners([x1, y1, x2, y2]: Box): Point[] {
  return [
    [x1, y1],
    [x2, y1],
    [x2, y2],
    [x1, y2],
  ];
}

/** The upright box around an outline; null where there is none. */
export function bounds(points: readonly Point[]): Box | null {
  if (points.length === 0) return null;
  let [x1, y1, x2, y2] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) {
    x1 = Math.min(x1, x);
    y1 = Math.min(y1, y);
    x2 = Math.max(x2, x);
    y2 = Math.max(y2, y);
  }
  return [x1, y1, x2, y2];
}

export function plus(a: Point, b: Point): Point {
  return [a[0] + b[0], a[1] + b[1]];
}

export function minus(a: Point, b: Point): Point {
  return [a[0] - b[0], a[1] - b[1]];
}

export function distance(a: Point, b: Point): number {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function middle(a: Point, b: Point): Point {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

export function centre([x1, y1, x2, y2]: Box): Point {
  return middle([x1, y1], [x2, y2]);
}

/** A vector turned clockwise, as it looks with y downwards. */
export function turned([x, y]: Point, degrees: number): Point {
  const radians = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  return [x * cos - y * sin, x * sin + y * cos];
}

/** The corners of a box turned clockwise about its centre. */
export function rotated(box: Box, degrees: number): Point[] {
  const about = centre(box);
  return boxCorners(box).map((each) => plus(about, turned(minus(each, about), degrees)));
}

function within(value: number, limit: number): number {
  return Math.min(limit, Math.max(0, value));
}

/** The nearest point of the image. */
export function inside([x, y]: Point, image: Size): Point {
  return [within(x, image.width), within(y, image.height)];
}

/** The box between two points in any order, kept inside the image. */
export function boxBetween(from: Point, to: Point, image: Size): Box {
  const [a, b] = [inside(from, image), inside(to, image)];
  return [Math.min(a[0], b[0]), Math.min(a[1], b[1]), Math.max(a[0], b[0]), Math.max(a[1], b[1])];
}

/** As much of a shift as leaves `box` inside the image; one that sticks out may stay where it is. */
export function stopped([dx, dy]: Point, [x1, y1, x2, y2]: Box, image: Size): Point {
  const least = [Math.min(0, -x1), Math.min(0, -y1)] as const;
  const most = [Math.max(0, image.width - x2), Math.max(0, image.height - y2)] as const;
  return [Math.min(most[0], Math.max(least[0], dx)), Math.min(most[1], Math.max(least[1], dy))];
}

/** Which way a handle lies from the centre: -1, 0 or 1 for each axis. */
function direction(handle: Handle): Point {
  const x = handle.includes("w") ? -1 : handle.includes("e") ? 1 : 0;
  const y = handle.includes("n") ? -1 : handle.includes("s") ? 1 : 0;
  return [x, y];
}

/** Where the handle of a box turned clockwise about its centre lies. */
export function handleAt(box: Box, handle: Handle, degrees = 0): Point {
  const [h, v] = direction(handle);
  const half: Point = [((box[2] - box[0]) / 2) * h, ((box[3] - box[1]) / 2) * v];
  return plus(centre(box), turned(half, degrees));
}

const OPPOSITE: Readonly<Record<Handle, Handle>> = {
  nw: "se",
  n: "s",
  ne: "sw",
  e: "w",
  se: "nw",
  s: "n",
  sw: "ne",
  w: "e",
};

/**
 * Pull a handle to `to`: what lies opposite stays where it is on the image, turned or not. Pulled past it,
 * the box turns over instead of vanishing.
 */
export function resized(box: Box, handle: Handle, to: Point, degrees = 0): Box {
  const [h, v] = direction(handle);
  const fixed = handleAt(box, OPPOSITE[handle], degrees);
  const pulled = turned(minus(to, fixed), -degrees);
  const width = h === 0 ? box[2] - box[0] : Math.abs(pulled[0]);
  const height = v === 0 ? box[3] - box[1] : Math.abs(pulled[1]);
  const half: Point = [h === 0 ? 0 : pulled[0] / 2, v === 0 ? 0 : pulled[1] / 2];
  const [x, y] = plus(fixed, turned(half, degrees));
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}

/** Degrees, clockwise, that turn a box so that its upper side looks at a point; in (-180, 180]. */
export function angleTowards(box: Box, to: Point): number {
  const [dx, dy] = minus(to, centre(box));
  return (Math.atan2(dx, -dy) * 180) / Math.PI;
}

export function isDrawn(box: Box): boolean {
  return box[2] - box[0] >= SMALLEST_SIDE && box[3] - box[1] >= SMALLEST_SIDE;
}

/** Whether a ring encloses anything that a person could have meant: no line, and no tremble of a click. */
export function isRingDrawn(ring: readonly Point[]): boolean {
  const around = bounds(ring);
  return around !== null && isDrawn(around) && ringArea(ring) >= SMALLEST_AREA;
}

/** Whether two boxes have a point in common. */
export function meets(a: Box, b: Box): boolean {
  return a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];
}

/** Area of a ring by the shoelace formula. */
export function ringArea(ring: readonly Point[]): number {
  let twice = 0;
  ring.forEach(([x, y], place) => {
    const [nextX, nextY] = ring[(place + 1) % ring.length] ?? [x, y];
    twice += x * nextY - nextX * y;
  });
  return Math.abs(twice) / 2;
}

/** The place in a ring after which a point would lie on the side nearest to it. */
export function nearestSide(ring: readonly Point[], at: Point): number {
  let [best, least] = [0, Infinity];
  ring.forEach((from, place) => {
    const to = ring[(place + 1) % ring.length] ?? from;
    const away = distanceToSegment(at, from, to);
    if (away < least) [best, least] = [place, away];
  });
  return best;
}

export function distanceToSegment(at: Point, from: Point, to: Point): number {
  const [side, way] = [minus(to, from), minus(at, from)];
  const length = side[0] ** 2 + side[1] ** 2;
  const share = length === 0 ? 0 : within((way[0] * side[0] + way[1] * side[1]) / length, 1);
  return distance(at, plus(from, [side[0] * share, side[1] * share]));
}
