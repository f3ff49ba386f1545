import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer } from "react";
import { readEvents } from "../../api/sse";
import { isActive, trainingEventsPath, type Progress, type Training } from "../../api/trainer";
import { NOTHING_YET, takeIn, type LossPoint } from "./liveCurve";

/** Wait before a stream that broke is opened again. */
const REOPEN_MS = 2_000;

export interface LiveView {
  readonly progress: Progress;
  readonly losses: readonly LossPoint[];
}

/** Follow a running training by its event stream; the records are read again when it ends. */
export function useLive(projectId: string, training: Training): LiveView {
  const queries = useQueryClient();
  const [live, report] = useReducer(takeIn, NOTHING_YET);
  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    let over = false;
    const follow = (): void => {
      readEvents(
        trainingEventsPath(projectId, training.id),
        ({ data }) => {
          const told = JSON.parse(data) as Training;
          over = !isActive(told.status);
          if (!over) report(told.progress);
        },
        abort.signal,
      )
        // Whatever broke the stream, opening it again tells whether the platform answers.
        .catch(() => undefined)
        .finally(() => {
          if (abort.signal.aborted) return;
          for (const key of ["trainings", "versions"]) {
            void queries.invalidateQueries({ queryKey: [key, projectId] });
          }
          if (!over) timer = window.setTimeout(follow, REOPEN_MS);
        });
    };
    follow();
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [projectId, training.id, queries]);
  return { progress: live.progress ?? training.progress, losses: live.losses };
}
