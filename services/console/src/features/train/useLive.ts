import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer } from "react";
import { readEvents } from "../../api/sse";
import { trainingEventsPath, type Progress, type Training } from "../../api/trainer";
import { NOTHING_YET, takeIn, type Live } from "./liveCurve";

/** Wait before a stream that broke is opened again. */
const REOPEN_MS = 2_000;

/** Follow a running training by its event stream; the records list is read again when it ends. */
export function useLive(projectId: string, training: Training): Live {
  const queries = useQueryClient();
  const [live, report] = useReducer(takeIn, NOTHING_YET);
  useEffect(() => {
    const abort = new AbortController();
    let timer = 0;
    const follow = (): void => {
      readEvents(
        trainingEventsPath(projectId, training.id),
        ({ data }) => {
          const progress = progressOf(data);
          if (progress !== null) report(progress);
        },
        abort.signal,
      )
        .catch(() => undefined)
        .finally(() => {
          if (abort.signal.aborted) return;
          void queries.invalidateQueries({ queryKey: ["trainings", projectId] });
          void queries.invalidateQueries({ queryKey: ["trend", projectId] });
          timer = window.setTimeout(follow, REOPEN_MS);
        });
    };
    follow();
    return () => {
      abort.abort();
      window.clearTimeout(timer);
    };
  }, [projectId, training.id, queries]);
  return live.progress === null ? { ...live, progress: training.progress } : live;
}

function progressOf(data: string): Progress | null {
  try {
    const body = JSON.parse(data) as { readonly progress?: Progress | null };
    return body.progress ?? null;
  } catch {
    return null;
  }
}
