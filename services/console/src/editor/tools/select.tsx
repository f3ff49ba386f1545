import { angleTowards, bounds, boxBetween, boxCorners, inside, meets, minus, nearestSide, type Box, type Handle, type Point } from "../geometry";
import { written } from "../ShapeLayer";
import { boxOf, isRing, moved, outlineOf, pulled, vouched, withNewVertex, withoutVertex, withVertex, type EditedShape } from "../shapes";
import { glyph } from "./glyph";
import type { Gesture, Paper, Pointer, Tool } from "./tool";

/** Degrees of a step while the shift key is held. */
const TURN_STEP = 15;

/** Shapes follow the pointer and stay where it lets go of them. */
function following(shapesAt: (paper: Paper, to: Pointer) => readonly EditedShape[], to: Pointer): Gesture {
  return {
    move: (next) => following(shapesAt, next),
    shapes: (paper) => shapesAt(paper, to),
    end: (paper) => {
      const after = shapesAt(paper, to);
      if (after.some((shape, place) => shape !== paper.shapes[place])) paper.onChange(after);
    },
  };
}

function changing(id: string, to: Pointer, change: (shape: EditedShape, to: Pointer, paper: Paper) => EditedShape): Gesture {
  return following((paper, at) => paper.shapes.map((shape) => (shape.id === id ? change(shape, at, paper) : shape)), to);
}

export function moving(ids: ReadonlySet<string>, from: Pointer): Gesture {
  return following(({ shapes, image }, { at }) => {
    const after = moved(shapes.filter(({ id }) => ids.has(id)), minus(at, from.at), image);
    const byId = new Map(after.map((shape) => [shape.id, shape]));
    return shapes.map((shape) => byId.get(shape.id) ?? shape);
  }, from);
}

export function pulling(id: string, handle: Handle, to: Pointer): Gesture {
  return changing(id, to, (shape, { at }, { image }) => pulled(shape, handle, at, image));
}

export function turning(id: string, to: Pointer): Gesture {
  return changing(id, to, (shape, { at, shift }) => {
    const free = angleTowards(boxOf(shape), at);
    return vouched(shape, { angle: shift ? Math.round(free / TURN_STEP) * TURN_STEP : free });
  });
}

export function bending(id: string, place: number, to: Pointer): Gesture {
  return changing(id, to, (shape, { at }, { image }) => withVertex(shape, place, inside(at, image)));
}

/** A frame around what shall be chosen. */
function framing(from: Point, adds: boolean, to: Point = from): Gesture {
  return {
    move: ({ at }) => framing(from, adds, at),
    sketch: ({ image }) => <polygon className="editor-frame" points={written(boxCorners(boxBetween(from, to, image)))} />,
    end: ({ image, shapes, hidden, locked, onChoose }) => {
      const seen = shapes.filter(({ id }) => !hidden.has(id) && !locked.has(id));
      onChoose(framed(seen, boxBetween(from, to, image)), adds);
    },
  };
}

/** The shapes that a frame touches. */
export function framed(shapes: readonly EditedShape[], frame: Box): string[] {
  return shapes.flatMap((shape) => {
    const around = bounds(outlineOf(shape));
    return around !== null && meets(around, frame) ? [shape.id] : [];
  });
}

/** Take what lies under the pointer: a handle, a shape, or the ground. */
function grabbed(pointer: Pointer, paper: Paper): Gesture | null {
  const [only = ""] = paper.chosen;
  const { handle, vertex, side, turn } = pointer.target?.dataset ?? {};
  if (handle !== undefined) return pulling(only, handle as Handle, pointer);
  if (turn !== undefined) return turning(only, pointer);
  if (vertex !== undefined) return bending(only, Number(vertex), pointer);
  const one = paper.shapes.find(({ id }) => id === only);
  if (side === undefined || one === undefined) return grabbedShape(pointer, paper);
  exchange(paper, one, withNewVertex(one, Number(side), pointer.at));
  return bending(only, Number(side) + 1, pointer);
}

function grabbedShape(pointer: Pointer, { chosen, locked, onChoose }: Paper): Gesture | null {
  const { at, shift, ctrl } = pointer;
  const id = shapeUnder(pointer);
  if (id === undefined) return shift ? framing(at, ctrl) : null;
  const adds = shift || ctrl;
  const together = chosen.has(id) || adds ? [...chosen, id] : [id];
  onChoose([id], adds);
  return moving(new Set(together.filter((each) => !locked.has(each))), pointer);
}

/** A point more on the nearest side, or one less. */
function pointChanged(pointer: Pointer, paper: Paper): boolean {
  const { at, target } = pointer;
  const vertex = target?.dataset["vertex"];
  if (vertex === undefined && shapeUnder(pointer) === undefined) return false;
  const [only = ""] = paper.chosen;
  const one = paper.shapes.find(({ id }) => id === only);
  if (one === undefined || !isRing(one)) return true;
  exchange(paper, one, vertex === undefined ? withNewVertex(one, nearestSide(one.points, at), at) : withoutVertex(one, Number(vertex)));
  return true;
}

function shapeUnder({ target }: Pointer): string | undefined {
  return target?.closest<SVGGElement>("[data-shape]")?.dataset["shape"];
}

function exchange({ shapes, onChange }: Paper, before: EditedShape, after: EditedShape): void {
  onChange(shapes.map((shape) => (shape === before ? after : shape)));
}

export const select: Tool = {
  key: "V",
  icon: glyph("M3 1.5 13 8.2l-4.4.7 2.5 4.6-1.9 1-2.5-4.7L3.4 13z"),
  draws: false,
  handles: true,
  press: grabbed,
  // A click on the ground lets go of everything; a drag there has shifted the picture.
  click: ({ onChoose }) => onChoose([], false),
  doubleClick: pointChanged,
};
