/** The outline of a shape, ready to draw. */
import { maskBox, type Rle } from "./mask";
import type { Point } from "./viewport";

export interface OutlineSource {
  readonly kind: string;
  readonly points: readonly (readonly number[])[];
  readonly angle?: number | null | undefined;
  readonly rle?: Rle | null | undefined;
}

/** A box as its two corners, top-left and bottom-right. */
export type Box = readonly [number, number, number, number];

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

/** Corner points of a shape in image pixels, of a mask those of its box; empty for `image`. */
export function outline(shape: OutlineSource): Point[] {
  const points = shape.points.map(([x = 0, y = 0]): Point => [x, y]);
  const [first, second] = points;
  if (shape.kind === "polygon") return points;
  if (shape.kind === "mask") {
    const box = shape.rle ? maskBox(shape.rle) : null;
    return box === null ? [] : boxCorners(box);
  }
  if (first === undefined || second === undefined) return [];
  const corners = boxCorners([first[0], first[1], second[0], second[1]]);
  if (shape.kind === "box") return corners;
  return shape.kind === "rotated_box" ? rotate(corners, shape.angle ?? 0) : [];
}

function rotate(corners: Point[], degrees: number): Point[] {
  const [a, , c] = corners;
  if (a === undefined || c === undefined) return corners;
  const centre: Point = [(a[0] + c[0]) / 2, (a[1] + c[1]) / 2];
  const cos = Math.cos((degrees * Math.PI) / 180);
  const sin = Math.sin((degrees * Math.PI) / 180);
  return corners.map(([x, y]): Point => {
    const [dx, dy] = [x - centre[0], y - centre[1]];
    return [centre[0] + dx * cos - dy * sin, centre[1] + dx * sin + dy * cos];
  });
}
