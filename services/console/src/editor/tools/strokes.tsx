import { newId } from "../../api/ids";
import type { Point, Size } from "../geometry";
import { painted, strokeColumns } from "../masks";
import { shapeOf, vouched, type EditedShape } from "../shapes";
import type { Gesture, Paper, Tool } from "./tool";

export interface Brush {
  readonly radius: number;
  readonly wipes: boolean;
}

/** A round brush paints on the chosen mask, or wipes it; where there is none, only what paints begins one. */
export function strokes(wipes: boolean): Pick<Tool, "kinds" | "draws" | "tunes" | "press" | "hover"> {
  return {
    kinds: ["mask"],
    draws: true,
    tunes: "radius",
    press: ({ at }, { image, shapes, desk, chosen, locked }) => {
      const under = shapes.findLast(({ id, kind }) => kind === "mask" && chosen.has(id) && !locked.has(id));
      if (under === undefined && wipes) return null;
      const start = under ?? shapeOf(newId(), "mask", { label: desk.label });
      return painting(stroked(start, [at, at], { radius: desk.radius, wipes }, image), at, wipes);
    },
    hover: ([x, y], { desk }) => <circle className="editor-brush" cx={x} cy={y} r={desk.radius} />,
  };
}

function painting(shape: EditedShape, to: Point, wipes: boolean): Gesture {
  const isKnown = ({ shapes }: Paper): boolean => shapes.some(({ id }) => id === shape.id);
  const shown = (paper: Paper): readonly EditedShape[] =>
    isKnown(paper) ? paper.shapes.map((each) => (each.id === shape.id ? shape : each)) : [...paper.shapes, shape];
  return {
    move: ({ at }, { desk, image }) => painting(stroked(shape, [to, at], { radius: desk.radius, wipes }, image), at, wipes),
    shapes: shown,
    end: (paper) => {
      if (shape.rle === null) paper.onChange(paper.shapes.filter(({ id }) => id !== shape.id));
      else if (isKnown(paper)) paper.onChange(shown(paper));
      else paper.onDrawn(shape);
    },
  };
}

/** The shape with one stroke more; a mask wiped away altogether has no runs. */
export function stroked(shape: EditedShape, [from, to]: readonly [Point, Point], { radius, wipes }: Brush, image: Size): EditedShape {
  const size = [image.height, image.width];
  const rle = painted(shape.rle, strokeColumns(from, to, radius, size), size, wipes);
  return vouched(shape, { rle });
}
