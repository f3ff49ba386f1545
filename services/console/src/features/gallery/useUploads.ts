import { useEffect, useReducer, useRef } from "react";
import { uploadImage } from "../../api/gallery";
import { asProblem, problemFrom } from "../../api/problem";
import { uploadReducer, type UploadEntry } from "./uploadQueue";

/** Files on their way at once: enough to hide the latency, few enough to keep the server calm. */
const PARALLEL = 3;

export interface Uploads {
  readonly entries: readonly UploadEntry[];
  readonly add: (files: readonly File[]) => void;
  readonly remove: (id: number) => void;
  /** Upload now what was picked. */
  readonly start: () => void;
  readonly retry: () => void;
}

/** Sends started files a few at a time while the component lives; leaving the page asks first. */
export function useUploads(projectId: string, maxBytes: number | undefined): Uploads {
  const [entries, dispatch] = useReducer(uploadReducer, []);
  const transfers = useRef(new Map<number, AbortController>());

  useEffect(() => {
    const sending = entries.filter(({ state }) => state === "sending").length;
    const next = entries.filter(({ state }) => state === "waiting").slice(0, PARALLEL - sending);
    for (const { id, file } of next) {
      const abort = new AbortController();
      transfers.current.set(id, abort);
      dispatch({ type: "send", id });
      uploadImage(projectId, file, {
        onProgress: (progress) => dispatch({ type: "progress", id, progress }),
        onBroken: () => dispatch({ type: "broken", id }),
        signal: abort.signal,
      })
        .then(({ image, status, problem, outcome }) => {
          if (image) dispatch({ type: "done", id, image, known: outcome === "duplicate" });
          else dispatch({ type: "fail", id, error: problemFrom(status, problem) });
        })
        .catch((error: unknown) => dispatch({ type: "fail", id, error }))
        .finally(() => transfers.current.delete(id));
    }
  }, [entries, projectId]);

  const busy = entries.some(({ state }) => state === "waiting" || state === "sending");
  useEffect(() => {
    if (!busy) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [busy]);

  const unreached = entries.some(
    ({ state, objection, error }) =>
      state === "failed" && objection === null && asProblem(error).code === "unreachable",
  );
  useEffect(() => {
    if (!unreached) return;
    const again = (): void => dispatch({ type: "retry" });
    window.addEventListener("online", again);
    return () => window.removeEventListener("online", again);
  }, [unreached]);

  useEffect(() => {
    const running = transfers.current;
    return () => running.forEach((abort) => abort.abort());
  }, []);

  return {
    entries,
    add: (files) => dispatch({ type: "add", files, maxBytes }),
    remove: (id) => dispatch({ type: "remove", id }),
    start: () => dispatch({ type: "start" }),
    retry: () => dispatch({ type: "retry" }),
  };
}
