import { useMutation, useMutationState, useQuery, useQueryClient, type MutationState } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import {
  cancelImport,
  getImport,
  getImportReport,
  importAgain,
  isGoingOn,
  startImport,
  undoImport,
  type ImportRun,
  type ImportUndone,
  type OnConflict,
} from "../../api/annotation";

const REFRESH_MS = 800;

/** An archive that was picked; the same file picked again is another pick, for it may have changed. */
export interface Pick {
  readonly archive: File;
  readonly number: number;
  readonly onConflict: OnConflict;
}

/** What an import would do as things stand; nothing is stored. The archive is sent once for all choices. */
export function useLook(projectId: string, { archive, number, onConflict }: Pick) {
  const key = ["import-look", projectId, number];
  const [share, setShare] = useState(0);
  const sent = useQuery({
    queryKey: [...key, archive.name],
    queryFn: ({ signal }) =>
      startImport(projectId, archive, { dryRun: true, onConflict: "keep" }, { onProgress: setShare, signal }),
    staleTime: Infinity,
    gcTime: 0,
  });
  const first = sent.data?.id ?? "";
  const again = useQuery({
    queryKey: [...key, archive.name, onConflict],
    queryFn: () => importAgain(projectId, first, { dryRun: true, onConflict }),
    enabled: first !== "" && onConflict !== "keep",
    staleTime: Infinity,
    gcTime: 0,
  });
  const begun = onConflict === "keep" ? sent : again;
  const { run, report, error, retry } = useImportRun(projectId, begun.data?.id ?? "");
  return {
    share,
    run,
    report,
    error: begun.error ?? sent.error ?? error,
    retry: (): void => {
      if (sent.isError) void sent.refetch();
      else if (begun.isError) void begun.refetch();
      else retry();
    },
  };
}

/** An import on its way and, once it came to its end, its report; no id is none yet. */
export function useImportRun(projectId: string, runId: string) {
  const queries = useQueryClient();
  const run = useQuery({
    queryKey: ["import-run", projectId, runId],
    queryFn: () => getImport(projectId, runId),
    enabled: runId !== "",
    refetchInterval: ({ state }) => (state.data === undefined || isGoingOn(state.data) ? REFRESH_MS : false),
  });
  const report = useQuery({
    queryKey: ["import-report", projectId, runId],
    queryFn: () => getImportReport(projectId, runId),
    enabled: run.data?.has_report === true,
    staleTime: Infinity,
  });
  const isDone = run.data !== undefined && !run.data.dry_run && !isGoingOn(run.data);
  useEffect(() => {
    if (isDone) void annotated(queries, projectId);
  }, [isDone, queries, projectId]);
  return {
    run: run.data,
    report: report.data,
    error: run.error ?? report.error,
    retry: (): void => void (run.isError ? run.refetch() : report.refetch()),
  };
}

/** Imports what a look has shown; `onBegun` gets the import, which goes on while no dialog shows it. */
export function useImport(projectId: string, onBegun: (run: ImportRun) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ look, onConflict }: { readonly look: ImportRun; readonly onConflict: OnConflict }) =>
      importAgain(projectId, look.id, { dryRun: false, onConflict }),
    onSuccess: (run) => {
      void queries.invalidateQueries({ queryKey: ["imports", projectId] });
      onBegun(run);
    },
  });
}

export function useImportCancel(projectId: string, runId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => cancelImport(projectId, runId),
    onSettled: () => queries.invalidateQueries({ queryKey: ["import-run", projectId, runId] }),
  });
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
    ["images", "labels", "annotation", "imports"].map((kind) =>
      queries.invalidateQueries({ queryKey: [kind, projectId] }),
    ),
  );
}
