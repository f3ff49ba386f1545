import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { fetchBlob } from "../api/http";

export interface Picture {
  readonly url: string | null;
  readonly error: unknown;
}

/**
 * An image of the API as an object URL. An <img> cannot send the credential, so the bytes are fetched
 * with it; they stay cached for a few minutes, the object URL lives as long as the component.
 */
export function usePicture(path: string | null): Picture {
  const { data, error } = useQuery({
    queryKey: ["picture", path],
    queryFn: ({ signal }) => fetchBlob(path ?? "", signal),
    enabled: path !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 120_000,
  });
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (data === undefined) return;
    const made = URL.createObjectURL(data);
    // The URL is a resource with a lifetime: it can only be made and given back in an effect.
    // eslint-disable-next-line react-hooks/set-state-in-effect
    setUrl(made);
    return () => {
      URL.revokeObjectURL(made);
      setUrl(null);
    };
  }, [data]);
  return { url, error };
}
