/** Which image comes next. */
import type { GalleryImage } from "../../api/gallery";

type IsOpen = (image: GalleryImage) => boolean;

/** The first image after a place that nobody has worked on, then one before it; null where none is left. */
export function nextOpen(images: readonly GalleryImage[], place: number, isOpen: IsOpen): GalleryImage | null {
  const after = images.slice(place + 1).find(isOpen);
  return after ?? images.slice(0, Math.max(0, place)).find(isOpen) ?? null;
}

/** The next of the ids behind one, then from the first again; null where none other is open. */
export function nextAfter(ids: readonly string[], current: string, isOpen: (id: string) => boolean): string | null {
  const place = ids.indexOf(current) + 1;
  return [...ids.slice(place), ...ids.slice(0, place)].find((id) => id !== current && isOpen(id)) ?? null;
}

/** Of a long row of equal cells those that are in sight, with some at both sides. */
export function inSight(left: number, width: number, cell: number, count: number): readonly [number, number] {
  const beside = 6;
  const first = Math.max(0, Math.floor(left / cell) - beside);
  return [first, Math.min(count, Math.ceil((left + width) / cell) + beside)];
}
