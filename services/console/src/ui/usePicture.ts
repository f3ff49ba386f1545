import { queryOptions, useQuery, type QueryClient } from "@tanstack/react-query";
import { fetchBlob } from "../api/http";

export interface Picture {
  readonly url: string | null;
  readonly error: unknown;
}

const KEY = "picture";

/**
 * An image of the API as an object URL. An <img> cannot send the credential, so the bytes are fetched
 * with it. The URL is what is cached: a state of its own in each of a hundred thumbnails would be a
 * hundred renders in a row, which React refuses (error 185).
 */
export function usePicture(path: string | null): Picture {
  const { data, error } = useQuery({ ...pictureQuery(path ?? ""), enabled: path !== null });
  return { url: data ?? null, error };
}

/** Have a picture at hand before anybody looks at it. */
export async function prefetchPicture(queries: QueryClient, path: string): Promise<void> {
  // Whoever looks at it asks again, and is told what is wrong.
  await queries.query(pictureQuery(path)).catch(() => undefined);
}

function pictureQuery(path: string) {
  return queryOptions({
    queryKey: [KEY, path],
    queryFn: async ({ signal }) => URL.createObjectURL(await fetchBlob(path, signal)),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 120_000,
  });
}

/** Give the memory of pictures back when the cache drops them. */
export function releasePictures(queries: QueryClient): void {
  queries.getQueryCache().subscribe(({ type, query }) => {
    const url: unknown = query.state.data;
    const [room] = query.queryKey as readonly unknown[];
    if (type === "removed" && room === KEY && typeof url === "string") URL.revokeObjectURL(url);
  });
}

/** Read everything anew, but no picture that is here: pictures never change. */
export function readAnew(queries: QueryClient): void {
  void queries.invalidateQueries({
    predicate: ({ queryKey, state }) => queryKey[0] !== KEY || state.status === "error",
  });
}
