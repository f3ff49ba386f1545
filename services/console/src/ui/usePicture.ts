import { useQuery, type QueryClient } from "@tanstack/react-query";
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
  const { data, error } = useQuery({
    queryKey: [KEY, path],
    queryFn: async ({ signal }) => URL.createObjectURL(await fetchBlob(path ?? "", signal)),
    enabled: path !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 120_000,
  });
  return { url: data ?? null, error };
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
