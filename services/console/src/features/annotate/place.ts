/** A place in an image, told in the address: whoever opens the editor there is shown it. */
import { boxCorners } from "../../editor/geometry";
import type { Mark } from "../../editor/marks";

const COLOUR = "#d946ef";
const BORDER_PX = 4;

/** The end of an address, with a question mark; empty for no place. */
export function placeInAddress(place: readonly number[] | null): string {
  return place === null ? "" : `?place=${place.join(",")}`;
}

/** What an address says, as a mark around the place; null where it says none that can be read. */
export function markOfPlace(told: string | null): Mark | null {
  const numbers = (told ?? "").split(",").map(Number);
  const [x1, y1, x2, y2] = numbers;
  if (told === null || numbers.length !== 4 || !numbers.every(Number.isFinite)) return null;
  if (x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined) return null;
  const outline = boxCorners([x1 - BORDER_PX, y1 - BORDER_PX, x2 + BORDER_PX, y2 + BORDER_PX]);
  return { id: "told place", outline, colour: COLOUR, dashed: true };
}
