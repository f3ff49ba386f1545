import { useMutation, useMutationState, useQuery, useQueryClient, type MutationState } from "@tanstack/react-query";
import { useState } from "react";
import {
  importAnnotations,
  undoImport,
  type ImportReport,
  type ImportUndone,
  type OnConflict,
} from "../../api/annotation";

/** An archive that was picked; the same file picked again is another pick, for it may have changed. */
export interface Pick {
  readonly archive: File;
  readonly number: number;
  readonly onConflict: OnConflict;
}

interface Sending {
  readonly archive: File;
  readonly onConflict: OnConflict;
}

/** What an import would do as things stand; nothing is stored. */
export function useDryRun(projectId: string, { archive, number, onConflict }: Pick) {
  return useQuery({
    queryKey: ["import-dry-run", projectId, number, archive.name, onConflict],
    queryFn: ({ signal }) =>
      importAnnotations(projectId, archive, { dryRun: true, onConflict }, { onProgress: () => undefined, signal }),
    staleTime: Infinity,
    gcTime: 0,
  });
}

/** A project's imports go on, and the last one's report stays, while no dialog shows them. */
export function useImport(projectId: string) {
  const queries = useQueryClient();
  const key = ["import", projectId];
  const [share, setShare] = useState<number | null>(null);
  const { mutate } = useMutation({
    mutationKey: key,
    gcTime: Infinity,
    mutationFn: ({ archive, onConflict }: Sending) =>
      importAnnotations(
        projectId,
        archive,
        { dryRun: false, onConflict },
        { onProgress: setShare, signal: new AbortController().signal },
      ),
    onSettled: () => annotated(queries, projectId),
  });
  const last = useMutationState({
    filters: { mutationKey: key, exact: true },
    select: ({ state }) => state as MutationState<ImportReport, Error, Sending>,
  }).at(-1);
  const start = (archive: File, onConflict: OnConflict, onDone: () => void): void => {
    const earlier = queries.getMutationCache().findAll({ mutationKey: key });
    earlier.filter(({ state }) => state.status !== "pending").forEach((one) => queries.getMutationCache().remove(one));
    setShare(0);
    mutate({ archive, onConflict }, { onSuccess: onDone });
  };
  return { last, share, start };
}

/** The undo of one import, and what came of it. */
export function useImportUndo(projectId: string, importId: string) {
  const queries = useQueryClient();
  const key = ["import", projectId, "undo", importId];
  const { mutate } = useMutation({
    mutationKey: key,
    gcTime: Infinity,
    mutationFn: () => undoImport(projectId, importId),
    onSettled: () => annotated(queries, projectId),
  });
  const last = useMutationState({
    filters: { mutationKey: key, exact: true },
    select: ({ state }) => state as MutationState<ImportUndone, Error, void>,
  }).at(-1);
  return { last, undo: () => mutate() };
}

/** Annotations have changed, so has all that shows them. */
function annotated(queries: ReturnType<typeof useQueryClient>, projectId: string) {
  return Promise.all(
    ["images", "labels", "annotation"].map((kind) => queries.invalidateQueries({ queryKey: [kind, projectId] })),
  );
}
