import { newId } from "../../api/ids";
import { boxBetween, boxCorners, isDrawn, type Box, type Point, type Size } from "../geometry";
import { written } from "../ShapeLayer";
import { boxShape } from "../shapes";
import type { Gesture } from "./tool";

/** A box is drawn from corner to corner. */
export function drawingBox(kind: "box" | "rotated_box", from: Point, to: Point = from): Gesture {
  return {
    move: ({ at }) => drawingBox(kind, from, at),
    sketch: ({ image }) => <polygon points={written(boxCorners(boxBetween(from, to, image)))} />,
    end: ({ image, desk, onDrawn }) => {
      const box = drawnBox(from, to, image);
      if (box !== null) onDrawn(boxShape(newId(), kind, desk.label, box));
    },
  };
}

/** The box that a drawing gesture leaves; null where it was a click. */
export function drawnBox(from: Point, to: Point, image: Size): Box | null {
  const box = boxBetween(from, to, image);
  return isDrawn(box) ? box : null;
}
