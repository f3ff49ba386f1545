/** Which of many captions are shown: their text is what takes longest to draw, and hides what lies under it. */
import { meets, type Box } from "./geometry";
import type { Painted } from "./layers";
import { toImage } from "./viewport";

export interface Captioned {
  readonly id: string;
  readonly around: Box | null;
  /** Goes before the others: it is chosen, or at hand. */
  readonly first: boolean;
}

/** So many are shown whatever their size, and never more. */
export const MOST_CAPTIONS = 100;
/** Of more than that, what is narrower on the screen has none: they would lie over one another. */
const LEAST_PX = 40;

/** The ids of those that show their caption: all of a few, else the largest in sight. */
export function captioned(items: readonly Captioned[], { still, stage }: Painted): ReadonlySet<string> {
  if (items.length <= MOST_CAPTIONS) return idsOf(items);
  const sight: Box = [...toImage(still, [0, 0]), ...toImage(still, [stage.width, stage.height])];
  const seen = items.filter(({ around }) => around !== null && meets(around, sight));
  if (seen.length <= MOST_CAPTIONS) return idsOf(seen);
  const least = LEAST_PX / still.scale;
  const large = seen.filter(({ around, first }) => first || widthOf(around) >= least);
  large.sort((a, b) => Number(b.first) - Number(a.first) || widthOf(b.around) - widthOf(a.around));
  return idsOf(large.slice(0, MOST_CAPTIONS));
}

function idsOf(items: readonly Captioned[]): ReadonlySet<string> {
  return new Set(items.map(({ id }) => id));
}

function widthOf(around: Box | null): number {
  return around === null ? 0 : around[2] - around[0];
}
