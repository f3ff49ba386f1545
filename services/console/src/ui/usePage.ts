import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";

/** One page of a list, as every service answers it. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}

/** Where a reader stands in a list, and how he goes on. */
export interface Place {
  readonly page: number;
  readonly size: number;
  readonly turn: (page: number, size: number) => void;
}

export interface Asked<T> {
  /** What is listed; another list begins at its first page. */
  readonly key: readonly unknown[];
  readonly list: (page: number, size: number) => Promise<Page<T>>;
  readonly size?: number;
  /** Given where the place is kept elsewhere, say in the address. */
  readonly place?: Place;
  readonly refreshMs?: number;
}

export interface Paged<T> {
  readonly items: readonly T[];
  readonly total: number;
  /** There is an answer, and it holds nothing. */
  readonly empty: boolean;
  readonly pending: boolean;
  /** The rows are those of the page before; what is done to them would hit the wrong ones. */
  readonly turning: boolean;
  readonly error: unknown;
  readonly retry: () => void;
  /** The properties of a Pagination. */
  readonly pager: {
    readonly current: number;
    readonly pageSize: number;
    readonly total: number;
    readonly onChange: (page: number, size: number) => void;
  };
}

const DEFAULT_SIZE = 10;

/** A list read page by page: the rows of the last page stay until the next ones are there. */
export function usePage<T>(asked: Asked<T>): Paged<T> {
  const { key, list, refreshMs } = asked;
  const own = usePlace(JSON.stringify(key), asked.size ?? DEFAULT_SIZE);
  const { page, size, turn } = asked.place ?? own;
  const query = useQuery({
    queryKey: [...key, page, size],
    queryFn: () => list(page, size),
    placeholderData: keepPreviousData,
    ...(refreshMs === undefined ? {} : { refetchInterval: refreshMs }),
  });
  const total = query.data?.total ?? 0;
  const last = Math.max(1, Math.ceil(total / size));
  const settled = query.data !== undefined && !query.isPlaceholderData;
  // The list shrank under the reader, or the address names a page that never was.
  const beyond = settled && page > last;
  useEffect(() => {
    if (beyond) turn(last, size);
  });
  return {
    items: query.data?.items ?? [],
    total,
    empty: settled && total === 0,
    pending: query.isPending,
    turning: query.isPlaceholderData || beyond,
    error: query.error,
    retry: () => void query.refetch(),
    pager: {
      current: page,
      pageSize: size,
      total,
      onChange: (next, nextSize) => turn(nextSize === size ? next : 1, nextSize),
    },
  };
}

/** A place that lasts as long as the component; another `list` begins at its first page. */
export function usePlace(list: string, size: number): Place {
  const [turned, setTurned] = useState({ list, page: 1, size });
  return {
    page: turned.list === list ? turned.page : 1,
    size: turned.size,
    turn: (page, nextSize) => setTurned({ list, page, size: nextSize }),
  };
}
