import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { listLabels } from "../../api/annotation";

const NONE: readonly string[] = [];

/** Names of the project's labels in their own order, which gives each its colour. */
export function useLabelNames(projectId: string): readonly string[] {
  const labels = useQuery({ queryKey: ["labels", projectId], queryFn: () => listLabels(projectId) });
  return useMemo(() => labels.data?.items.map(({ name }) => name) ?? NONE, [labels.data]);
}
