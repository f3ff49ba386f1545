/** Unsaved work on a tested image, and how it goes on. */
import { merge } from "../../editor/merge";
import { isDrawing, type Drawing } from "../../editor/shapes";

export interface Kept {
  /** What the work began with. */
  readonly start: Drawing;
  readonly drawing: Drawing;
}

export function isKept(work: unknown): work is Kept {
  const { start, drawing } = (work ?? {}) as Partial<Record<keyof Kept, unknown>>;
  return isDrawing(start) && isDrawing(drawing);
}

/** The kept work, over what others have saved since where it `merges`; mine stays where both changed a shape. */
export function goneOn({ start, drawing }: Kept, now: Drawing, merges: boolean): Drawing {
  return merges ? merge(start, drawing, now).drawing : drawing;
}
