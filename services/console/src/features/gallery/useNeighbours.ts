import { useEffect, useState } from "react";
import type { GalleryImage } from "../../api/gallery";
import type { Paged } from "../../ui/usePage";

export interface Neighbours {
  /** Place of the open image in the whole list, from 1; null where the list does not hold it. */
  readonly place: number | null;
  readonly total: number;
  /** Go on to the next image or back to the one before; null at the ends of the list. */
  readonly next: (() => void) | null;
  readonly previous: (() => void) | null;
}

/** The images before and after the open one, over the ends of pages too. */
export function useNeighbours(
  images: Paged<GalleryImage>,
  imageId: string,
  open: (imageId: string) => void,
): Neighbours {
  const { items, total, turning, pager } = images;
  const { current: page, pageSize } = pager;
  // Which end of which page shall be opened once it is there.
  const [awaited, setAwaited] = useState<{ readonly page: number; readonly place: 0 | -1 } | null>(null);
  const arrived = turning || awaited?.page !== page ? undefined : items.at(awaited.place);
  useEffect(() => {
    if (arrived === undefined) return;
    // The rows came from elsewhere: only now is it known which image that is.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setAwaited(null);
    open(arrived.id);
  }, [arrived, open]);

  const at = items.findIndex(({ id }) => id === imageId);
  if (at < 0) return { place: null, total, next: null, previous: null };
  const place = (page - 1) * pageSize + at + 1;
  const step = (by: 1 | -1) => (): void => {
    const neighbour = items[at + by];
    if (neighbour !== undefined) {
      open(neighbour.id);
      return;
    }
    setAwaited({ page: page + by, place: by === 1 ? 0 : -1 });
    pager.onChange(page + by, pageSize);
  };
  return {
    place,
    total,
    next: place < total ? step(1) : null,
    previous: place > 1 ? step(-1) : null,
  };
}
