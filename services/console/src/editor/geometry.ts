/** Points, sizes and boxes in image pixels, as pure functions. */

export type Point = readonly [number, number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A box as its two corners, top-left and bottom-right. */
export type Box = readonly [number, number, number, number];

/** Corner by its place: horizontal side, then vertical side. */
export type Handle = "nw" | "ne" | "sw" | "se";
export const HANDLES: readonly Handle[] = ["nw", "ne", "sw", "se"];

/** A box smaller than this on a side was a click, not a drawing. */
const SMALLEST_SIDE = 2;

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
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** The corners of a box turned clockwise about its centre. */
export function rotated(box: Box, degrees: number): Point[] {
  const [x1, y1, x2, y2] = box;
  const [cx, cy] = [(x1 + x2) / 2, (y1 + y2) / 2];
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  return boxCorners(box).map(([x, y]): Point => {
    const [dx, dy] = [x - cx, y - cy];
    return [cx + dx * cos - dy * sin, cy + dx * sin + dy * cos];
  });
}

function within(value: number, limit: number): number {
  return Math.min(limit, Math.max(0, value));
}

/** The box between two points in any order, kept inside the image. */
export function boxBetween(a: Point, b: Point, image: Size): Box {
  return [
    within(Math.min(a[0], b[0]), image.width),
    within(Math.min(a[1], b[1]), image.height),
    within(Math.max(a[0], b[0]), image.width),
    within(Math.max(a[1], b[1]), image.height),
  ];
}

/** Shift without changing the size; the image's edge stops it. */
export function moved(box: Box, [dx, dy]: Point, image: Size): Box {
  const x = Math.min(image.width - box[2], Math.max(-box[0], dx));
  const y = Math.min(image.height - box[3], Math.max(-box[1], dy));
  return [box[0] + x, box[1] + y, box[2] + x, box[3] + y];
}

export function corner(box: Box, handle: Handle): Point {
  return [handle.endsWith("w") ? box[0] : box[2], handle.startsWith("n") ? box[1] : box[3]];
}

/** Pull one corner to `to`; pulled past the opposite corner, the box turns over instead of vanishing. */
export function resized(box: Box, handle: Handle, to: Point, image: Size): Box {
  const opposite: Point = [
    handle.endsWith("w") ? box[2] : box[0],
    handle.startsWith("n") ? box[3] : box[1],
  ];
  return boxBetween(opposite, to, image);
}

export function isDrawn(box: Box): boolean {
  return box[2] - box[0] >= SMALLEST_SIDE && box[3] - box[1] >= SMALLEST_SIDE;
}
