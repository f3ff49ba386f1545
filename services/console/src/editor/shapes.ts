/** What lies on an image while it is edited, and its way from the annotation service and back. */
import type { Annotation, NewRegion, NewShape, ShapeKind } from "../api/annotation";
import type { Task } from "../api/workspace";
import {
  bounds,
  boxCorners,
  inside,
  plus,
  resized,
  ringArea,
  rotated,
  stopped,
  type Box,
  type Handle,
  type Point,
  type Size,
} from "./geometry";
import { maskArea, maskBox, shifted, type Rle } from "./masks";

/** An ignore region is edited like any shape; only on the wire it stands apart. */
export type EditedKind = ShapeKind | "ignore";

export interface EditedShape {
  readonly id: string;
  readonly kind: EditedKind;
  /** Empty for an ignore region. */
  readonly label: string;
  readonly points: readonly Point[];
  /** Degrees, clockwise, about the centre; of a rotated box alone. */
  readonly angle: number;
  readonly rle: Rle | null;
  /** What the marked characters say. */
  readonly text: string | null;
  /** The version's confidence; null where a person drew or changed the shape. */
  readonly score: number | null;
  /** The version that proposed the shape as it is; null where it was never accepted so. */
  readonly proposedBy: string | null;
}

export interface Drawing {
  /** From the lowest to the one on top. */
  readonly shapes: readonly EditedShape[];
  /** A person has looked and there is nothing to mark: an image without shapes is annotated all the same. */
  readonly nothing: boolean;
}

export const EMPTY: Drawing = { shapes: [], nothing: false };

type Facts = Partial<Omit<EditedShape, "id" | "kind">>;

export function shapeOf(id: string, kind: EditedKind, facts: Facts): EditedShape {
  return { id, kind, label: "", points: [], angle: 0, rle: null, text: null, score: null, proposedBy: null, ...facts };
}

export function isAnnotated({ shapes, nothing }: Drawing): boolean {
  return shapes.length > 0 || nothing;
}

export function isImageLabel({ kind }: EditedShape): boolean {
  return kind === "image";
}

/** Whether a task labels whole images and this one has no label: it is not annotated, whatever else lies on it. */
export function lacksLabel({ shapes }: Drawing, task: Task): boolean {
  return task === "classification" && !shapes.some(isImageLabel);
}

export function boxOf({ points }: EditedShape): Box {
  const [[x1, y1] = [0, 0], [x2, y2] = [0, 0]] = points;
  return [x1, y1, x2, y2];
}

function pointsOf([x1, y1, x2, y2]: Box): Point[] {
  return [
    [x1, y1],
    [x2, y2],
  ];
}

/** Whether corners and sides can be pulled. */
export function isBoxed({ kind }: EditedShape): boolean {
  return kind === "box" || kind === "rotated_box";
}

/** Whether single points can be pulled. */
export function isRing({ kind }: EditedShape): boolean {
  return kind === "polygon" || kind === "ignore";
}

/** Whether it covers what it marks pixel by pixel: what wand and lasso add to and take from. */
export function isArea({ kind }: EditedShape): boolean {
  return kind === "mask" || kind === "polygon";
}

/** Corner points in image pixels, of a mask those of its box; none for a label of the whole image. */
export function outlineOf(shape: EditedShape): readonly Point[] {
  if (isRing(shape)) return shape.points;
  if (shape.kind === "image") return [];
  if (shape.kind !== "mask") return rotated(boxOf(shape), shape.angle);
  const box = shape.rle === null ? null : maskBox(shape.rle);
  return box === null ? [] : boxCorners(box);
}

const AROUND = new WeakMap<EditedShape, Box | null>();

/** The upright box around a shape, found once; null where it covers no part of the image. */
export function around(shape: EditedShape): Box | null {
  const known = AROUND.get(shape);
  if (known !== undefined) return known;
  const box = bounds(outlineOf(shape));
  AROUND.set(shape, box);
  return box;
}

export function areaOf(shape: EditedShape): number {
  return shape.kind === "mask" && shape.rle !== null ? maskArea(shape.rle) : ringArea(outlineOf(shape));
}

/** A person has changed the shape and vouches for it: the version and its score are gone. */
export function vouched(shape: EditedShape, change: Facts): EditedShape {
  return { ...shape, ...change, score: null, proposedBy: null };
}

/** Shift shapes together; the image's edge stops them. */
export function moved(shapes: readonly EditedShape[], by: Point, image: Size): EditedShape[] {
  const around = bounds(shapes.flatMap((shape) => [...outlineOf(shape)]));
  if (around === null) return [...shapes];
  const shift = stopped(by, around, image);
  return shapes.map((shape) => shiftedBy(shape, shift));
}

function shiftedBy(shape: EditedShape, by: Point): EditedShape {
  if (shape.rle !== null) {
    const whole: Point = [Math.round(by[0]), Math.round(by[1])];
    return whole[0] === 0 && whole[1] === 0 ? shape : vouched(shape, { rle: shifted(shape.rle, whole) });
  }
  if (by[0] === 0 && by[1] === 0) return shape;
  return vouched(shape, { points: shape.points.map((point) => plus(point, by)) });
}

export function pulled(shape: EditedShape, handle: Handle, to: Point, image: Size): EditedShape {
  const at = shape.kind === "box" ? inside(to, image) : to;
  const box = resized(boxOf(shape), handle, at, shape.angle);
  if (box.every((value, place) => value === boxOf(shape)[place])) return shape;
  return vouched(shape, { points: pointsOf(box) });
}

export function withVertex(shape: EditedShape, place: number, to: Point): EditedShape {
  return vouched(shape, { points: shape.points.with(place, to) });
}

/** A ring with one point more, behind the place; three points at least stay. */
export function withNewVertex(shape: EditedShape, place: number, at: Point): EditedShape {
  return vouched(shape, { points: shape.points.toSpliced(place + 1, 0, at) });
}

export function withoutVertex(shape: EditedShape, place: number): EditedShape {
  return shape.points.length <= 3 ? shape : vouched(shape, { points: shape.points.toSpliced(place, 1) });
}

export function boxShape(id: string, kind: EditedKind, label: string, box: Box): EditedShape {
  const points = kind === "ignore" || kind === "polygon" ? boxCorners(box) : pointsOf(box);
  return shapeOf(id, kind, { label, points });
}

/** Whether two shapes say the same of an image; a hundredth of a pixel is no difference. */
export function isSame(a: EditedShape, b: EditedShape): boolean {
  return (
    a.kind === b.kind &&
    a.label === b.label &&
    (a.text ?? "") === (b.text ?? "") &&
    Math.abs(a.angle - b.angle) < 0.01 &&
    a.rle?.counts === b.rle?.counts &&
    a.points.length === b.points.length &&
    a.points.every(([x, y], place) => {
      const [otherX, otherY] = b.points[place] ?? [NaN, NaN];
      return Math.abs(x - otherX) < 0.01 && Math.abs(y - otherY) < 0.01;
    })
  );
}

/** Whether two drawings are saved as the same; regions have no id there and come after the shapes. */
export function isSameDrawing(a: Drawing, b: Drawing): boolean {
  const [ours, others] = [inOrder(a), inOrder(b)];
  return (
    isAnnotated(a) === isAnnotated(b) &&
    ours.length === others.length &&
    ours.every((shape, place) => {
      const other = others[place];
      return other !== undefined && isSame(shape, other) && (shape.kind === "ignore" || shape.id === other.id);
    })
  );
}

function inOrder({ shapes }: Drawing): EditedShape[] {
  const isRegion = ({ kind }: EditedShape): boolean => kind === "ignore";
  return [...shapes.filter((shape) => !isRegion(shape)), ...shapes.filter(isRegion)];
}

type Told = Pick<Annotation, "shapes" | "ignore_regions" | "annotated">;
type ToldShape = Omit<Annotation["shapes"][number], "points"> & {
  readonly points?: readonly (readonly number[])[];
};

/** A shape as a service tells it, found or saved. */
export function fromShape(shape: ToldShape, id: string): EditedShape {
  return shapeOf(id, shape.kind, {
    label: shape.label,
    points: pairs(shape.points ?? []),
    angle: shape.angle ?? 0,
    rle: shape.rle ?? null,
    text: shape.text ?? null,
    score: shape.score ?? null,
    proposedBy: shape.proposed_by ?? null,
  });
}

export function fromAnnotation({ shapes, ignore_regions, annotated }: Told): Drawing {
  return {
    shapes: [
      ...shapes.map((shape, place) => fromShape(shape, shape.id === "" ? `saved-${place}` : shape.id)),
      // Regions have no id: what they are says which one it is.
      ...ignore_regions.map(({ points }) => shapeOf(`ignored ${points.join(" ")}`, "ignore", { points: pairs(points) })),
    ],
    nothing: annotated && shapes.length === 0 && ignore_regions.length === 0,
  };
}

function pairs(points: readonly (readonly number[])[]): Point[] {
  return points.map(([x = 0, y = 0]): Point => [x, y]);
}

export interface Wire {
  readonly shapes: NewShape[];
  readonly ignore_regions: NewRegion[];
}

export function toWire({ shapes }: Drawing): Wire {
  return {
    shapes: shapes.flatMap((shape) => (shape.kind === "ignore" ? [] : [written(shape, shape.kind)])),
    ignore_regions: shapes.filter(({ kind }) => kind === "ignore").map(({ points }) => ({ points: copied(points) })),
  };
}

function written({ id, label, points, angle, rle, text, score, proposedBy }: EditedShape, kind: ShapeKind): NewShape {
  return {
    id,
    label,
    kind,
    points: copied(points),
    ...(kind === "rotated_box" ? { angle } : {}),
    ...(rle === null ? {} : { rle: { counts: rle.counts, size: [rle.size[0] ?? 0, rle.size[1] ?? 0] } }),
    ...(text === null ? {} : { text }),
    // A draft of an older console does not know who proposed what.
    ...(proposedBy ? { proposed_by: proposedBy, score } : {}),
  };
}

function copied(points: readonly Point[]): [number, number][] {
  return points.map(([x, y]) => [x, y]);
}

/** A draft is read back from the browser's store, where an older console may have written it. */
export function isDrawing(value: unknown): value is Drawing {
  const { shapes, nothing } = (value ?? {}) as Partial<Record<keyof Drawing, unknown>>;
  return Array.isArray(shapes) && typeof nothing === "boolean" && shapes.every(isShape);
}

function isShape(value: unknown): value is EditedShape {
  if (typeof value !== "object" || value === null) return false;
  const { id, kind, label, points, angle } = value as Partial<Record<keyof EditedShape, unknown>>;
  const words = typeof id === "string" && typeof kind === "string" && typeof label === "string";
  return words && typeof angle === "number" && Array.isArray(points) && points.every(isPoint);
}

function isPoint(value: unknown): value is Point {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
}
