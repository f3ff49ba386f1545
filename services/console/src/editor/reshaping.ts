/** Areas made into shapes, and shapes cut, joined, simplified and filled. */
import type { ShapeKind } from "../api/annotation";
import { bounds, inside, isDrawn, isRingDrawn, type Point, type Size } from "./geometry";
import { columnsOf, extent, maskOf, strokeColumns, type Columns } from "./masks";
import { areaOfColumns, closed, columnsWithin, edgeOf, mixed, pieces } from "./regions";
import { clipped, cut, simplified, thinned, uncrossed, type Area } from "./rings";
import { boxOf, boxShape, isArea, isRing, outlineOf, shapeOf, vouched, type EditedShape } from "./shapes";

/** What an area becomes. */
const MAKES = ["mask", "polygon", "box"] as const;
export type Makes = (typeof MAKES)[number];

/** What the task may hold of them, the finest first. */
export function makesFor(kinds: readonly ShapeKind[]): readonly Makes[] {
  return MAKES.filter((each) => kinds.includes(each));
}

/** What an area becomes: what was wished for, where the task may hold it. */
export function makesOf(wished: Makes, kinds: readonly ShapeKind[]): Makes {
  const known = makesFor(kinds);
  return known.includes(wished) ? wished : (known[0] ?? "box");
}

/** A step of an outline along pixels is no corner: half a pixel's diagonal and a little. */
const STAIRS = 0.8;

function sizeOf({ width, height }: Size): readonly number[] {
  return [height, width];
}

/** The one shape that an area becomes; null for an empty one, and where it is no box that a person could mean. */
export function shapeOfArea(area: Columns, made: { as: "mask" | "box"; id: string; label: string }, image: Size): EditedShape | null {
  if (area.size === 0) return null;
  if (made.as === "mask") return shapeOf(made.id, "mask", { label: made.label, rle: maskOf(area, sizeOf(image)) });
  return isDrawn(extent(area)) ? boxShape(made.id, "box", made.label, extent(area)) : null;
}

/** A polygon for each part, with these ids as far as they go. */
export function polygonsOf(parts: readonly Columns[], made: { readonly label: string; readonly ids: readonly string[] }): EditedShape[] {
  return made.ids.slice(0, parts.length).map((id, place) => {
    const points = thinned(edgeOf(parts[place] ?? new Map()), STAIRS);
    return shapeOf(id, "polygon", { label: made.label, points });
  });
}

/** The pixels of a mask or within an outline. */
export function areaOfShape(shape: EditedShape, image: Size): Columns {
  return shape.rle === null ? columnsWithin(outlineOf(shape), sizeOf(image)) : columnsOf(shape.rle);
}

export function areaOfPath(path: readonly Point[], image: Size): Columns {
  return columnsWithin(path, sizeOf(image));
}

/** A mask or a polygon with a ring more, or without it; null where nothing is left or two parts would be. */
export function changedBy(shape: EditedShape, path: readonly Point[], how: "add" | "subtract", image: Size): EditedShape | null {
  if (shape.kind === "mask") {
    const rle = maskOf(mixed(areaOfShape(shape, image), areaOfPath(path, image), how), sizeOf(image));
    return rle === null ? null : vouched(shape, { rle });
  }
  const [only, ...further] = areasOf(() => clipped(how, shape.points, path));
  return only === undefined || further.length > 0 || only.holes.length > 0 ? null : vouched(shape, { points: only.outer });
}

/** The library refuses outlines that it cannot follow, say one that lies on another: then there is no answer. */
function areasOf(clip: () => Area[]): Area[] {
  try {
    return clip();
  } catch {
    return [];
  }
}

interface Joined {
  /** In the place of the others; null where they do not touch. */
  readonly shape: EditedShape | null;
  /** A polygon has no holes: what was one is filled, as the task knows no masks. */
  readonly filled: boolean;
}

/** Shapes as one, under the label of the first: boxes by the box around them, masks and polygons by what they cover. */
export function joined(shapes: readonly EditedShape[], kinds: readonly ShapeKind[], image: Size): Joined {
  const [first, ...others] = shapes;
  if (first === undefined || others.length === 0) return { shape: null, filled: false };
  if (shapes.every(({ kind }) => kind === "box")) {
    const [x1, y1, x2, y2] = bounds(shapes.flatMap(({ points }) => points)) ?? boxOf(first);
    return { shape: vouched(first, { points: [[x1, y1], [x2, y2]] }), filled: false };
  }
  if (shapes.every(isRing)) {
    const [area, ...apart] = areasOf(() => clipped("add", first.points, ...others.map(({ points }) => points)));
    if (area === undefined || apart.length > 0) return { shape: null, filled: false };
    if (area.holes.length === 0 || first.kind === "ignore" || !kinds.includes("mask")) {
      return { shape: vouched(first, { points: area.outer }), filled: area.holes.length > 0 };
    }
  }
  if (!kinds.includes("mask") || !shapes.every(isArea)) return { shape: null, filled: false };
  const whole = others.reduce((sum, shape) => mixed(sum, areaOfShape(shape, image), "add"), areaOfShape(first, image));
  const mask = shapeOf(first.id, "mask", { label: first.label, rle: maskOf(whole, sizeOf(image)) });
  return { shape: mask, filled: false };
}

/** Whether shapes of this kind can be cut. */
export function isCuttable({ kind }: EditedShape): boolean {
  return kind === "polygon" || kind === "ignore" || kind === "mask";
}

/** Pieces of fewer pixels are what a ragged edge sheds, no objects. */
const SMALLEST_PART = 10;
/** Half the width of a cut through a mask, in pixels: no two parts touch side by side behind it. */
const BLADE = 0.8;

/** The pieces of a shape, the first with its id; itself alone where the line does not pass through. */
export function cutShape(shape: EditedShape, [from, to]: readonly [Point, Point], image: Size, newId: () => string): EditedShape[] {
  const named = (place: number): string => (place === 0 ? shape.id : newId());
  if (isRing(shape)) {
    const parts = cut(shape.points, from, to);
    return parts.length === 1 ? [shape] : parts.map((points, place) => ({ ...vouched(shape, { points }), id: named(place) }));
  }
  if (shape.rle === null) return [shape];
  const blade = strokeColumns(from, to, BLADE, sizeOf(image));
  const parts = pieces(columnsOf(shape.rle)).map((part) => ({ part, halves: pieces(mixed(part, blade, "subtract")) }));
  const [rest, off]: [Columns[], Columns[]] = [[], []];
  for (const { part, halves } of parts) {
    const [half, ...others] = halves.filter((each) => areaOfColumns(each) >= SMALLEST_PART);
    const crumbs = halves.filter((each) => areaOfColumns(each) < SMALLEST_PART);
    rest.push(half === undefined || others.length === 0 ? part : crumbs.reduce((sum, each) => mixed(sum, each, "add"), half));
    off.push(...others);
  }
  if (off.length === 0) return [shape];
  const whole = [rest.reduce((sum, part) => mixed(sum, part, "add")), ...off];
  return whole.map((part, place) => ({ ...vouched(shape, { rle: maskOf(part, sizeOf(image)) }), id: named(place) }));
}

/** A ring with fewer points, as far as `tolerance` pixels off; anything else as it is. */
export function simplifiedShape(shape: EditedShape, tolerance: number): EditedShape {
  if (!isRing(shape)) return shape;
  const points = thinned(shape.points, tolerance);
  return points === shape.points ? shape : vouched(shape, { points });
}

/** A mask without holes; anything else as it is. */
export function withoutHoles(shape: EditedShape): EditedShape {
  if (shape.rle === null) return shape;
  const before = columnsOf(shape.rle);
  const after = closed(before);
  return after === before ? shape : vouched(shape, { rle: maskOf(after, shape.rle.size) });
}

function outlined(ring: readonly Point[]): readonly Point[] {
  try {
    return uncrossed(ring);
  } catch {
    // As in `areasOf`: what cannot be followed is not drawn.
    return [];
  }
}

/** What the pointer drew by hand, where it runs over itself the outline of it all, with the points that a hand's tremble makes left out; null for a click or a line. */
export function tracedRing(path: readonly Point[], tremble: number, image: Size): readonly Point[] | null {
  const drawn = simplified(path.map((at) => inside(at, image)), tremble);
  const ring = outlined(drawn);
  return ring.length < 3 || !isRingDrawn(ring) ? null : ring;
}
