/** Where an image stands on the screen: screen = image × scale + offset, in CSS pixels. */
import type { Point, Size } from "./geometry";

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

export function toScreen(view: View, point: Point): Point {
  return [point[0] * view.scale + view.x, point[1] * view.scale + view.y];
}

export function toImage(view: View, point: Point): Point {
  return [(point[0] - view.x) / view.scale, (point[1] - view.y) / view.scale];
}
