import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { listLabels } from "../../api/annotation";

const NONE: readonly string[] = [];

/** The project's labels and the kinds of shapes that may carry them. */
export function useVocabulary(projectId: string) {
  return useQuery({ queryKey: ["labels", projectId], queryFn: () => listLabels(projectId) });
}

/** Names of the project's labels in their own order, which gives each its colour. */
export function useLabelNames(projectId: string): readonly string[] {
  const { data } = useVocabulary(projectId);
  return useMemo(() => data?.items.map(({ name }) => name) ?? NONE, [data]);
}
