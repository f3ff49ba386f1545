/** Clicks on an object, and what the platform made of them, as the drawing that it would leave. */
import type { ShapeKind } from "../api/annotation";
import { added } from "./edits";
import type { Point, Size } from "./geometry";
import type { Drawing, EditedShape } from "./shapes";

/** What clicks can give, the finest first. */
const POINTED = ["mask", "polygon", "box", "rotated_box"] as const;
export type Pointed = (typeof POINTED)[number];

export interface Click {
  /** In image pixels. */
  readonly at: Point;
  readonly inside: boolean;
}

/** Asks the platform what clicks mean; the answer has no label. */
export type Outlining = (clicks: readonly Click[], kind: Pointed, id: string) => Promise<EditedShape>;

export interface Pointing {
  readonly kind: "point";
  readonly clicks: readonly Click[];
  /** Of the new shape. */
  readonly id: string;
  /** The last answer; null until one is here. */
  readonly shape: EditedShape | null;
  /** The last click has no answer yet. */
  readonly waits: boolean;
}

/** So many clicks the platform takes. */
export const MOST_CLICKS = 64;
/** What is told of a place is rounded: it stays within the image. */
const EDGE = 0.2;

/** What the task may hold of them, the finest first. */
export function pointedFor(kinds: readonly ShapeKind[]): readonly Pointed[] {
  return POINTED.filter((each) => kinds.includes(each));
}

/** What clicks give: what was wished for, where the task may hold it. */
export function pointedOf(wished: Pointed, kinds: readonly ShapeKind[]): Pointed {
  const known = pointedFor(kinds);
  return known.includes(wished) ? wished : (known[0] ?? "box");
}

/** With one click more; null where it means nothing: outside of the image or of anything so far, or one too many. */
export function clicked(before: Pointing | null, at: Point, inside: boolean, image: Size, id: string): Pointing | null {
  const [x, y] = at;
  const clicks = before?.clicks ?? [];
  if (x < 0 || y < 0 || x >= image.width || y >= image.height) return null;
  if (clicks.length === 0 && !inside) return null;
  if (clicks.length >= MOST_CLICKS) return null;
  const click: Click = { at: [Math.min(x, image.width - EDGE), Math.min(y, image.height - EDGE)], inside };
  return { kind: "point", clicks: [...clicks, click], id: before?.id ?? id, shape: before?.shape ?? null, waits: true };
}

/** Without the last click, whose shape is to be asked for again; null where none is left. */
export function unclicked(pointing: Pointing): Pointing | null {
  const clicks = pointing.clicks.slice(0, -1);
  return clicks.length === 0 ? null : { ...pointing, clicks, waits: true };
}

/** As the platform reads them: in and out, in image pixels. */
export function clicksText(clicks: readonly Click[]): string {
  return clicks.map(({ at: [x, y], inside }) => `${inside ? "in" : "out"}:${x.toFixed(1)},${y.toFixed(1)}`).join(";");
}

/** The drawing with what was found under this label. */
export function pointedOut(drawing: Drawing, { shape }: Pointing, label: string): Drawing {
  return shape === null ? drawing : added(drawing, { ...shape, label });
}
