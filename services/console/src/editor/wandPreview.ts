/** What the wand has found so far, as the drawing that it would leave. */
import { added, withShapes } from "./edits";
import type { Point, Size } from "./geometry";
import { extent, type Columns } from "./masks";
import { areaOfColumns, closed, mixed, pieces, together } from "./regions";
import { areaOfShape, polygonsOf, shapeOfArea, type Makes } from "./reshaping";
import type { Drawing, EditedShape } from "./shapes";

export interface Wanding {
  readonly kind: "wand";
  /** The id of the shape that is changed; null where a new one is made. */
  readonly target: string | null;
  readonly base: Columns;
  readonly how: "add" | "subtract";
  readonly seed: Point;
  /** Something was found before: `base` is no more than the shape was until then. */
  readonly goesOn: boolean;
  /** What was found about the seed; null until the worker has answered. */
  readonly piece: Columns | null;
  /** Of new shapes, so that they stay the same ones while the wheel turns. */
  readonly ids: readonly string[];
}

const NOTHING: Columns = new Map();
/** Parts under this share of the largest are specks. */
const SPECK = 0.01;

/** What a new shape becomes, under which label. */
interface Made {
  readonly as: Makes;
  readonly label: string;
}

function areaOfWanding({ base, piece, how }: Wanding, as: Makes): Columns {
  if (piece === null) return base;
  if (as !== "polygon") return mixed(base, piece, how);
  // Each part of a polygon's area becomes an object: what noise leaves is none, what was there or was clicked is.
  if (how === "add") return mixed(base, largerParts(piece), "add");
  return largerParts(mixed(base, piece, "subtract"), base);
}

/** An area without the specks in it, save those that are parts of another area already. */
function largerParts(area: Columns, known: Columns = NOTHING): Columns {
  const [largest = NOTHING, ...others] = pieces(area);
  const least = SPECK * areaOfColumns(largest);
  const named = (part: Columns): string => `${areaOfColumns(part)} ${extent(part).join(" ")}`;
  const kept = new Set(pieces(known).map(named));
  const specks = others.filter((part) => areaOfColumns(part) < least && !kept.has(named(part)));
  return specks.length === 0 ? area : mixed(area, together(specks), "subtract");
}

/** What the wand makes of the shape that it changes. */
function changing(drawing: Drawing, { target }: Wanding, as: Makes): Makes {
  const kind = drawing.shapes.find(({ id }) => id === target)?.kind;
  return kind === undefined ? as : kind === "mask" ? "mask" : "polygon";
}

export function areaSoFar(drawing: Drawing, wanding: Wanding, as: Makes): Columns {
  return areaOfWanding(wanding, changing(drawing, wanding, as));
}

/** Whether holes of what was found are lost, as a polygon has none. */
export function losesHoles(drawing: Drawing, wanding: Wanding, as: Makes): boolean {
  if (changing(drawing, wanding, as) !== "polygon") return false;
  const area = areaSoFar(drawing, wanding, as);
  return closed(area) !== area;
}

/** The drawing with what was found; whatever else has become of the shape that is changed stays. */
export function previewed(drawing: Drawing, wanding: Wanding, made: Made, image: Size): Drawing {
  const { target: id, ids, piece, goesOn } = wanding;
  const as = changing(drawing, wanding, made.as);
  const area = areaOfWanding(wanding, as);
  if (id === null) return added(drawing, ...shapesOf(area, { ...made, ids }, image));
  const target = drawing.shapes.find((shape) => shape.id === id);
  if (target === undefined || (piece === null && !goesOn)) return drawing;
  const { label, text } = target;
  const was = areaOfShape(target, image);
  const shapes = shapesOf(area, { as, label, ids: [id, ...ids] }, image, was).map((shape) => ({ ...shape, text }));
  return withShapes(drawing, drawing.shapes.flatMap((shape) => (shape === target ? shapes : [shape])));
}

/** Of polygons the one that covers most of what was there comes first: it is that shape. */
function shapesOf(area: Columns, made: Made & { readonly ids: readonly string[] }, image: Size, was: Columns = NOTHING): EditedShape[] {
  const { as, label, ids } = made;
  if (as !== "polygon") {
    const shape = shapeOfArea(area, { as, label, id: ids[0] ?? "" }, image);
    return shape === null ? [] : [shape];
  }
  const parts = pieces(area);
  const shared = (part: Columns): number => (was.size === 0 ? 0 : areaOfColumns(part) - areaOfColumns(mixed(part, was, "subtract")));
  const same = parts.reduce((best, part, place) => (shared(part) > shared(parts[best] ?? part) ? place : best), 0);
  const first = parts[same];
  return first === undefined ? [] : polygonsOf([first, ...parts.toSpliced(same, 1)], made);
}
