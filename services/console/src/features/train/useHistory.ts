import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getHistory, isActive, type Training } from "../../api/trainer";

/** As often as the platform writes down how a training goes. */
const REFRESH_MS = 5_000;

/** How a training goes or went: asked again while it goes on, and once more when it has ended. */
export function useHistory({ id, project_id: project, status }: Training) {
  const active = isActive(status);
  return useQuery({
    queryKey: ["trainings", project, "history", id, active],
    queryFn: () => getHistory(project, id),
    refetchInterval: active ? REFRESH_MS : false,
    placeholderData: keepPreviousData,
  });
}
