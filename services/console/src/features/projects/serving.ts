/** Which version answers for a project. */
import { queryOptions } from "@tanstack/react-query";
import { listDeployments, type Deployment } from "../../api/inference";

export function deploymentsQuery(projectId: string) {
  return queryOptions({ queryKey: ["deployments", projectId], queryFn: () => listDeployments(projectId) });
}

/** The version that answers for the project; null where none does yet. */
export function servingOf(deployments: readonly Deployment[]): string | null {
  return deployments.find(({ current }) => current)?.version ?? null;
}
