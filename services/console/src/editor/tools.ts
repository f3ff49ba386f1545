/** What a pointer does to boxes: a gesture from its press to its release, as pure functions. */
import { boxBetween, isDrawn, moved, resized, type Box, type Handle, type Point, type Size } from "./geometry";

export type Tool = "select" | "draw";

export interface EditedBox {
  readonly id: string;
  readonly label: string;
  readonly box: Box;
  /** The version's confidence; null where a person drew or changed the box. */
  readonly score: number | null;
}

export type Gesture =
  | { readonly kind: "move"; readonly id: string; readonly from: Point; readonly to: Point }
  | { readonly kind: "resize"; readonly id: string; readonly handle: Handle; readonly to: Point }
  | { readonly kind: "draw"; readonly from: Point; readonly to: Point };

/** The box with this geometry: a person has vouched for it, so that the version's score is gone. */
function placed(one: EditedBox, box: Box): EditedBox {
  return box.every((value, place) => value === one.box[place]) ? one : { ...one, box, score: null };
}

/** The boxes as they would be if the gesture ended now; drawing adds none before its end. */
export function during(boxes: readonly EditedBox[], gesture: Gesture, image: Size): readonly EditedBox[] {
  if (gesture.kind === "draw") return boxes;
  return boxes.map((one) => {
    if (one.id !== gesture.id) return one;
    const { to } = gesture;
    return placed(
      one,
      gesture.kind === "move"
        ? moved(one.box, [to[0] - gesture.from[0], to[1] - gesture.from[1]], image)
        : resized(one.box, gesture.handle, to, image),
    );
  });
}

/** The box that a drawing gesture leaves; null where it was a click. */
export function drawnBox(gesture: Gesture, image: Size): Box | null {
  if (gesture.kind !== "draw") return null;
  const box = boxBetween(gesture.from, gesture.to, image);
  return isDrawn(box) ? box : null;
}

/** Shift one box, as the arrow keys do. */
export function nudged(
  boxes: readonly EditedBox[],
  id: string,
  by: Point,
  image: Size,
): readonly EditedBox[] {
  return boxes.map((one) => (one.id === id ? placed(one, moved(one.box, by, image)) : one));
}

export function relabelled(boxes: readonly EditedBox[], id: string, label: string): readonly EditedBox[] {
  return boxes.map((one) => (one.id === id && one.label !== label ? { ...one, label, score: null } : one));
}

export function without(boxes: readonly EditedBox[], id: string): readonly EditedBox[] {
  return boxes.filter((one) => one.id !== id);
}
