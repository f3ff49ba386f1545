/** Moving, resizing and drawing boxes in image pixels, as pure functions. */
import type { Box } from "../../ui/outline";
import type { Point, Size } from "../../ui/viewport";

export interface EditedBox {
  readonly id: string;
  readonly label: string;
  readonly box: Box;
  /** The version's confidence; null where a person drew or changed the box. */
  readonly score: number | null;
}

/** Corner by its place: horizontal side, then vertical side. */
export type Handle = "nw" | "ne" | "sw" | "se";
export const HANDLES: readonly Handle[] = ["nw", "ne", "sw", "se"];

/** A box smaller than this on a side was a click, not a drawing. */
export const SMALLEST_SIDE = 2;

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
export function moved(box: Box, dx: number, dy: number, image: Size): Box {
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
