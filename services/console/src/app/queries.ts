import { QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/problem";
import { releasePictures } from "../ui/usePicture";

/** A request the server has refused will be refused again; only a missing answer is worth a retry. */
function worthRetrying(failures: number, error: unknown): boolean {
  return failures < 2 && !(error instanceof Problem && error.status < 500);
}

/**
 * `networkMode: always`: a browser on a plant network often believes itself offline for want of a gateway
 * and would never ask a platform that it could reach. Whether one answers is found out by asking.
 */
export function queryClient(): QueryClient {
  const queries = new QueryClient({
    defaultOptions: {
      queries: { retry: worthRetrying, staleTime: 5_000, networkMode: "always" },
      mutations: { networkMode: "always" },
    },
  });
  releasePictures(queries);
  return queries;
}
