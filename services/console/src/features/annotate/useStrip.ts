import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { IMAGE_STATUSES, listImages, REVIEW_STATES, type GalleryImage, type ImageStatus, type ReviewState } from "../../api/gallery";

const PAGE_SIZE = 200;
const NONE: readonly GalleryImage[] = [];

/** What the strip is narrowed to. */
export type Shown = ImageStatus | ReviewState | "";

export function shownOf(asked: string | null): Shown {
  return [...IMAGE_STATUSES, ...REVIEW_STATES].find((known) => known === asked) ?? "";
}

function queryOf(shown: Shown) {
  const status = IMAGE_STATUSES.find((known) => known === shown);
  const review = REVIEW_STATES.find((known) => known === shown);
  return { ...(status === undefined ? {} : { status }), ...(review === undefined ? {} : { review }) };
}

export interface Strip {
  readonly images: readonly GalleryImage[];
  readonly total: number;
  readonly pending: boolean;
  readonly error: unknown;
  readonly retry: () => void;
  /** Place of the image in the list so far, -1 where it is not there. */
  readonly place: (imageId: string) => number;
  /** Load further images; the whole list so far. */
  readonly more: () => Promise<readonly GalleryImage[]>;
  readonly hasMore: boolean;
}

/**
 * The images of one status, or of one state of review, in the order in which they came. The list stays as it is while one works through
 * it: an image that was just annotated does not vanish from among the unprocessed ones under the hands.
 */
export function useStrip(projectId: string, status: Shown, imageId: string): Strip {
  const query = useInfiniteQuery({
    queryKey: ["strip", projectId, status],
    queryFn: ({ pageParam }) =>
      listImages(projectId, {
        sort: "uploaded_at",
        page_size: PAGE_SIZE,
        ...queryOf(status),
        ...(pageParam === "" ? {} : { cursor: pageParam }),
      }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnReconnect: false,
  });
  const { data, hasNextPage, isFetching, fetchNextPage } = query;
  const images = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? NONE, [data]);
  const places = useMemo(() => new Map(images.map(({ id }, place) => [id, place])), [images]);
  // Whoever came by the address of a late image wants to go on from there.
  const missing = status === "" && imageId !== "" && !places.has(imageId);
  useEffect(() => {
    if (missing && hasNextPage && !isFetching) void fetchNextPage();
  }, [missing, hasNextPage, isFetching, fetchNextPage]);
  return {
    images,
    total: data?.pages[0]?.total ?? 0,
    pending: query.isPending,
    error: query.error,
    retry: () => void query.refetch(),
    place: (id) => places.get(id) ?? -1,
    more: async () => (await fetchNextPage()).data?.pages.flatMap(({ items }) => items) ?? images,
    hasMore: hasNextPage,
  };
}
