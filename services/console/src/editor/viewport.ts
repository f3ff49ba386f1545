/** Where an image stands on the screen: screen = image × scale + offset, in CSS pixels. */
import type { Box, Point, Size } from "./geometry";

export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

/** Screen pixels an image pixel may take at most: enough to count the pixels of a 12 px defect. */
const MAX_SCALE = 32;

/** The view that shows the whole image, centred; small images are enlarged at most fourfold. */
export function fit(image: Size, stage: Size): View {
  if (image.width <= 0 || image.height <= 0) return { scale: 1, x: 0, y: 0 };
  const scale = Math.min(stage.width / image.width, stage.height / image.height, 4);
  return {
    scale,
    x: (stage.width - image.width * scale) / 2,
    y: (stage.height - image.height * scale) / 2,
  };
}

/** Zoom by `factor` so that the image point under `at` (screen pixels) stays where it is. */
export function zoomAt(view: View, at: Point, factor: number, smallest: number): View {
  const scale = Math.min(MAX_SCALE, Math.max(smallest, view.scale * factor));
  const ratio = scale / view.scale;
  return { scale, x: at[0] - (at[0] - view.x) * ratio, y: at[1] - (at[1] - view.y) * ratio };
}

/** Screen pixels of a side under which nobody can judge what lies there. */
const LEAST_SEEN = 24;
/** Of the stage that what was too small takes then. */
const SHARE = 0.25;

/** The view in which a box can be judged: in the middle, and larger where it is tiny; null where it is seen well already. */
export function reached(view: View, [x1, y1, x2, y2]: Box, stage: Size): View | null {
  const [width, height] = [Math.max(x2 - x1, 1), Math.max(y2 - y1, 1)];
  const [[left, top], [right, bottom]] = [toScreen(view, [x1, y1]), toScreen(view, [x2, y2])];
  const seen = left >= 0 && top >= 0 && right <= stage.width && bottom <= stage.height;
  const tiny = Math.max(width, height) * view.scale < LEAST_SEEN;
  if (seen && !tiny) return null;
  const most = Math.min(stage.width / width, stage.height / height);
  const scale = tiny ? Math.min(MAX_SCALE, most * SHARE) : Math.min(view.scale, most);
  return { scale, x: stage.width / 2 - ((x1 + x2) / 2) * scale, y: stage.height / 2 - ((y1 + y2) / 2) * scale };
}

export function toScreen(view: View, point: Point): Point {
  return [point[0] * view.scale + view.x, point[1] * view.scale + view.y];
}

export function toImage(view: View, point: Point): Point {
  return [(point[0] - view.x) / view.scale, (point[1] - view.y) / view.scale];
}
