/** What a version has found on an image, as proposals: seen and walked, and no part of the drawing until one is accepted. */
import { areaOfShape } from "./reshaping";
import { areaOfColumns, mixed } from "./regions";
import { bounds, type Box, type Size } from "./geometry";
import type { Columns } from "./masks";
import { areaOf, boxOf, isImageLabel, outlineOf, type Drawing, type EditedShape } from "./shapes";

/** From this overlap on (intersection over union) a shape of the same label says what a proposal says. */
const SAME_FROM = 0.5;

/** Which proposals a person wants to see. */
export interface Wanted {
  /** The least score. */
  readonly threshold: number;
  readonly rejected: ReadonlySet<string>;
}

/**
 * The proposals that wait for a person, in their order: sure enough, not rejected, and nothing that the drawing
 * says already. An accepted one keeps its id, so that a step taken back proposes it again.
 */
export function openProposals(found: readonly EditedShape[], drawing: Drawing, { threshold, rejected }: Wanted, image: Size): EditedShape[] {
  const ids = new Set(drawing.shapes.map(({ id }) => id));
  return found.filter(
    (proposal) =>
      (proposal.score ?? 1) >= threshold &&
      !rejected.has(proposal.id) &&
      !ids.has(proposal.id) &&
      !drawing.shapes.some((drawn) => saysTheSame(drawn, proposal, image)),
  );
}

/** The one after it, or before; round at the ends, the first one where there was none. */
export function walked(open: readonly EditedShape[], at: EditedShape | null, by: 1 | -1): EditedShape | null {
  const place = open.findIndex(({ id }) => id === at?.id);
  if (place < 0) return (by === 1 ? open[0] : open.at(-1)) ?? null;
  return open[(place + by + open.length) % open.length] ?? null;
}

/** Who is next once this one is accepted or rejected. */
export function nextAfter(open: readonly EditedShape[], gone: EditedShape): EditedShape | null {
  const place = open.findIndex(({ id }) => id === gone.id);
  return open[place + 1] ?? open[place - 1] ?? null;
}

/** An image has one label: whichever a person chose, there is no other to propose. */
function saysTheSame(drawn: EditedShape, proposal: EditedShape, image: Size): boolean {
  if (isImageLabel(proposal)) return isImageLabel(drawn);
  if (drawn.kind === "ignore" || drawn.label !== proposal.label) return false;
  return overlap(drawn, proposal, image) >= SAME_FROM;
}

/** Intersection over union: of upright boxes as they lie, of anything else by the pixels that it covers. */
export function overlap(a: EditedShape, b: EditedShape, image: Size): number {
  const [around, other] = [aroundOf(a), aroundOf(b)];
  if (around === null || other === null) return 0;
  const common = commonArea(around, other);
  // Cheap, and enough for nearly all pairs: what both cover lies in what their boxes have in common.
  if (common < SAME_FROM * Math.max(areaOf(a), areaOf(b))) return 0;
  if (a.kind === "box" && b.kind === "box") return share(common, boxArea(boxOf(a)) + boxArea(boxOf(b)));
  const [first, second] = [pixelsOf(a, image), pixelsOf(b, image)];
  const both = areaOfColumns(first) + areaOfColumns(second);
  return share(both - areaOfColumns(mixed(first, second, "add")), both);
}

function share(common: number, both: number): number {
  return both - common <= 0 ? 0 : common / (both - common);
}

function boxArea([x1, y1, x2, y2]: Box): number {
  return Math.max(0, x2 - x1) * Math.max(0, y2 - y1);
}

function commonArea(a: Box, b: Box): number {
  return boxArea([Math.max(a[0], b[0]), Math.max(a[1], b[1]), Math.min(a[2], b[2]), Math.min(a[3], b[3])]);
}

/** Shapes never change: what was measured of one holds as long as it is there. */
const arounds = new WeakMap<EditedShape, Box | null>();
const pixels = new WeakMap<EditedShape, Columns>();

function aroundOf(shape: EditedShape): Box | null {
  const known = arounds.get(shape);
  if (known !== undefined) return known;
  const around = bounds(outlineOf(shape));
  arounds.set(shape, around);
  return around;
}

function pixelsOf(shape: EditedShape, image: Size): Columns {
  const known = pixels.get(shape) ?? areaOfShape(shape, image);
  pixels.set(shape, known);
  return known;
}
