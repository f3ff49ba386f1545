/** What lies on an image: outlines and masks, ready to draw. */
import { boxCorners, rotated, type Point } from "./geometry";
import { maskBox, type Rle } from "./masks";

export interface Mark {
  readonly id: string;
  readonly outline: readonly Point[];
  /** Drawn instead of the outline where there is one. */
  readonly mask?: Rle | null | undefined;
  readonly colour: string;
  readonly caption?: string;
  /** Put the caption under the mark, where another mark's stands above. */
  readonly captionBelow?: boolean;
  readonly dashed?: boolean;
  /** The one of many that a key acts on. */
  readonly atHand?: boolean;
}

/** A shape as the services tell it. */
export interface OutlineSource {
  readonly kind: string;
  readonly points: readonly (readonly number[])[];
  readonly angle?: number | null | undefined;
  readonly rle?: Rle | null | undefined;
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
  const box = [...first, ...second] as const;
  if (shape.kind === "box") return boxCorners(box);
  return shape.kind === "rotated_box" ? rotated(box, shape.angle ?? 0) : [];
}
