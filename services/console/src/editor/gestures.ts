/** What a pointer does to shapes from its press to its release, as pure functions. */
import { angleTowards, bounds, boxBetween, inside, isDrawn, meets, minus, type Box, type Handle, type Point, type Size } from "./geometry";
import { painted, strokeColumns } from "./masks";
import { boxOf, moved, outlineOf, pulled, vouched, withVertex, type EditedShape } from "./shapes";

/** Whether what is drawn begins anew, is added to what is chosen, or taken away from it. */
export type How = "new" | "add" | "subtract";

export type Gesture =
  | { readonly kind: "move"; readonly ids: ReadonlySet<string>; readonly from: Point; readonly to: Point }
  | { readonly kind: "pull"; readonly id: string; readonly handle: Handle; readonly to: Point }
  | { readonly kind: "turn"; readonly id: string; readonly to: Point; readonly steps: boolean }
  | { readonly kind: "vertex"; readonly id: string; readonly place: number; readonly to: Point }
  | { readonly kind: "draw"; readonly from: Point; readonly to: Point }
  /** A frame around what shall be chosen. */
  | { readonly kind: "frame"; readonly from: Point; readonly to: Point; readonly adds: boolean }
  | { readonly kind: "paint"; readonly shape: EditedShape; readonly to: Point }
  /** An outline drawn with the pointer down. */
  | { readonly kind: "trace"; readonly path: readonly Point[]; readonly how: How }
  | { readonly kind: "cut"; readonly from: Point; readonly to: Point };

/** Degrees of a step while the shift key is held. */
const TURN_STEP = 15;

/** The shapes as they would be if the gesture ended now; what is being drawn is not yet among them. */
export function during(shapes: readonly EditedShape[], gesture: Gesture, image: Size): readonly EditedShape[] {
  switch (gesture.kind) {
    case "draw":
    case "frame":
    case "trace":
    case "cut":
      return shapes;
    case "move": {
      const chosen = shapes.filter(({ id }) => gesture.ids.has(id));
      return inPlace(shapes, moved(chosen, minus(gesture.to, gesture.from), image));
    }
    case "pull":
      return changed(shapes, gesture.id, (shape) => pulled(shape, gesture.handle, gesture.to, image));
    case "turn":
      return changed(shapes, gesture.id, (shape) => turnedTo(shape, gesture.to, gesture.steps));
    case "vertex":
      return changed(shapes, gesture.id, (shape) => withVertex(shape, gesture.place, inside(gesture.to, image)));
    case "paint": {
      const known = shapes.some(({ id }) => id === gesture.shape.id);
      return known ? inPlace(shapes, [gesture.shape]) : [...shapes, gesture.shape];
    }
  }
}

function inPlace(shapes: readonly EditedShape[], others: readonly EditedShape[]): EditedShape[] {
  const byId = new Map(others.map((shape) => [shape.id, shape]));
  return shapes.map((shape) => byId.get(shape.id) ?? shape);
}

function changed(
  shapes: readonly EditedShape[],
  id: string,
  change: (shape: EditedShape) => EditedShape,
): EditedShape[] {
  return shapes.map((shape) => (shape.id === id ? change(shape) : shape));
}

function turnedTo(shape: EditedShape, to: Point, steps: boolean): EditedShape {
  const free = angleTowards(boxOf(shape), to);
  const angle = steps ? Math.round(free / TURN_STEP) * TURN_STEP : free;
  return vouched(shape, { angle });
}

/** The box that a drawing gesture leaves; null where it was a click. */
export function drawnBox(from: Point, to: Point, image: Size): Box | null {
  const box = boxBetween(from, to, image);
  return isDrawn(box) ? box : null;
}

/** The shapes that a frame touches. */
export function framed(shapes: readonly EditedShape[], frame: Box): string[] {
  return shapes.flatMap((shape) => {
    const around = bounds(outlineOf(shape));
    return around !== null && meets(around, frame) ? [shape.id] : [];
  });
}

export interface Brush {
  readonly radius: number;
  readonly wipes: boolean;
}

/** The shape with one stroke more; a mask wiped away altogether has no runs. */
export function stroked(
  shape: EditedShape,
  [from, to]: readonly [Point, Point],
  { radius, wipes }: Brush,
  image: Size,
): EditedShape {
  const size = [image.height, image.width];
  const rle = painted(shape.rle, strokeColumns(from, to, radius, size), size, wipes);
  return vouched(shape, { rle });
}
