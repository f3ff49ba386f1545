import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { getPromotions, type Promotions } from "../../api/trainer";
import { useProject } from "../projects/useProject";

const REFRESH_MS = 5_000;

/** Which version serves, read again now and then: the gate promotes by itself. */
export function usePromotions(): UseQueryResult<Promotions> {
  const project = useProject();
  return useQuery({
    queryKey: ["promotions", project.id],
    queryFn: () => getPromotions(project.id),
    refetchInterval: REFRESH_MS,
  });
}
