/** What a person does to a drawing, one pure function each; every one leaves what it does not touch as it was. */
import { bounds, inside, plus, type Point, type Size } from "./geometry";
import { isImageLabel, moved, outlineOf, vouched, type Drawing, type EditedShape } from "./shapes";

type Ids = ReadonlySet<string>;

/** The drawing with these shapes; whoever draws something has not found nothing. */
export function withShapes(drawing: Drawing, shapes: readonly EditedShape[]): Drawing {
  return { shapes, nothing: drawing.nothing && shapes.length === 0 };
}

/** An image has one label at most: a new one takes the place of the old one. */
export function added(drawing: Drawing, ...shapes: readonly EditedShape[]): Drawing {
  const label = shapes.findLast(isImageLabel);
  if (label === undefined) return withShapes(drawing, [...drawing.shapes, ...shapes]);
  return withShapes(drawing, [...unlabelled(drawing.shapes), ...unlabelled(shapes), label]);
}

function unlabelled(shapes: readonly EditedShape[]): EditedShape[] {
  return shapes.filter((shape) => !isImageLabel(shape));
}

/** Shapes put in the place of those of the same id. */
export function replaced(drawing: Drawing, shapes: readonly EditedShape[]): Drawing {
  const byId = new Map(shapes.map((shape) => [shape.id, shape]));
  return withShapes(drawing, drawing.shapes.map((shape) => byId.get(shape.id) ?? shape));
}

export function removed(drawing: Drawing, ids: Ids): Drawing {
  if (!drawing.shapes.some(({ id }) => ids.has(id))) return drawing;
  return withShapes(drawing, drawing.shapes.filter(({ id }) => !ids.has(id)));
}

export function relabelled(drawing: Drawing, ids: Ids, label: string): Drawing {
  const other = ({ id, kind, label: old }: EditedShape): boolean => ids.has(id) && kind !== "ignore" && old !== label;
  if (!drawing.shapes.some(other)) return drawing;
  return withShapes(
    drawing,
    drawing.shapes.map((shape) => (other(shape) ? vouched(shape, { label }) : shape)),
  );
}

export function nudged(drawing: Drawing, ids: Ids, by: Point, image: Size): Drawing {
  const chosen = drawing.shapes.filter(({ id }) => ids.has(id));
  return chosen.length === 0 ? drawing : replaced(drawing, moved(chosen, by, image));
}

/** Lay shapes on top of all others, or under them. */
export function reordered(drawing: Drawing, ids: Ids, to: "front" | "back"): Drawing {
  const chosen = drawing.shapes.filter(({ id }) => ids.has(id));
  if (chosen.length === 0) return drawing;
  const others = drawing.shapes.filter(({ id }) => !ids.has(id));
  return withShapes(drawing, to === "front" ? [...others, ...chosen] : [...chosen, ...others]);
}

export function worded(drawing: Drawing, id: string, text: string): Drawing {
  return withShapes(
    drawing,
    drawing.shapes.map((shape) => (shape.id === id && shape.text !== text ? vouched(shape, { text }) : shape)),
  );
}

/** The one label of the whole image; the same one again takes it away. Ignore regions stay either way. */
export function classified(drawing: Drawing, shape: EditedShape): Drawing {
  const again = drawing.shapes.some((before) => isImageLabel(before) && before.label === shape.label);
  return again ? withShapes(drawing, unlabelled(drawing.shapes)) : added(drawing, shape);
}

/** Copies with ids of their own, shifted as far as the image allows. */
export function copies(
  shapes: readonly EditedShape[],
  { by, image, newId }: { readonly by: Point; readonly image: Size; readonly newId: () => string },
): EditedShape[] {
  // A mask belongs to an image of its own size; on another one it says nothing.
  const fitting = shapes.filter(({ rle }) => rle === null || (rle.size[0] === image.height && rle.size[1] === image.width));
  const laid = moved(fitting.map((shape) => vouched({ ...shape, id: newId() }, {})), by, image);
  return laid.map((shape) => broughtIn(shape, image));
}

/** A copy from a larger image comes in over the edge; what is larger than the image itself is cut there. */
function broughtIn(shape: EditedShape, image: Size): EditedShape {
  const around = bounds(outlineOf(shape));
  if (around === null || shape.rle !== null) return shape;
  const [x1, y1, x2, y2] = around;
  const by: Point = [Math.max(-x1, Math.min(0, image.width - x2)), Math.max(-y1, Math.min(0, image.height - y2))];
  // The unturned corners of a turned box may lie outside while it does not.
  const cut = (at: Point): Point => (shape.kind === "rotated_box" ? at : inside(at, image));
  return { ...shape, points: shape.points.map((point) => cut(plus(point, by))) };
}
