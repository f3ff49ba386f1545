import type { QueryClient } from "@tanstack/react-query";

/** Ask anew for a project and for the lists that it stands in. */
export async function refreshProject(queries: QueryClient, projectId: string): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: ["projects"] }),
    queries.invalidateQueries({ queryKey: ["project", projectId], exact: true }),
  ]);
}
