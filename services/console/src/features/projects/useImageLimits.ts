import { useQuery } from "@tanstack/react-query";
import { getImageLimits, type ImageLimits } from "../../api/gallery";

/** The gallery's own limits, the same as long as the page lives; undefined until they are here. */
export function useImageLimits(): ImageLimits | undefined {
  return useQuery({ queryKey: ["image-limits"], queryFn: getImageLimits, staleTime: Infinity }).data;
}
