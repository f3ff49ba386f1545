/** The state of an upload of many files, as a pure reducer: what was sent, what failed and why. */
import type { GalleryImage } from "../../api/gallery";
import { objection, type Objection } from "./limits";

/** `picked` files go nowhere until the person says so. */
export type UploadState = "picked" | "waiting" | "sending" | "done" | "failed";

export interface UploadEntry {
  readonly id: number;
  readonly file: File;
  readonly state: UploadState;
  /** Share of the bytes that have gone out, in [0, 1]. */
  readonly progress: number;
  /** The network broke off and the upload tries to go on. */
  readonly broken: boolean;
  readonly objection: Objection | null;
  readonly error: unknown;
  readonly image: GalleryImage | null;
  /** The gallery had this image already. */
  readonly known: boolean;
}

export type UploadAction =
  | { readonly type: "add"; readonly files: readonly File[]; readonly maxBytes?: number | undefined }
  | { readonly type: "remove"; readonly id: number }
  | { readonly type: "start" }
  | { readonly type: "send"; readonly id: number }
  | { readonly type: "progress"; readonly id: number; readonly progress: number }
  | { readonly type: "broken"; readonly id: number }
  | { readonly type: "done"; readonly id: number; readonly image: GalleryImage; readonly known: boolean }
  | { readonly type: "fail"; readonly id: number; readonly error: unknown }
  | { readonly type: "retry" };

export interface UploadSummary {
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly picked: number;
  readonly open: number;
  readonly share: number;
}

function entryOf(id: number, file: File, maxBytes: number | undefined): UploadEntry {
  const found = objection(file.name, file.size, maxBytes);
  return {
    id,
    file,
    state: found === null ? "picked" : "failed",
    progress: 0,
    broken: false,
    objection: found,
    error: null,
    image: null,
    known: false,
  };
}

function changed(
  entries: readonly UploadEntry[],
  id: number,
  change: Partial<UploadEntry>,
): readonly UploadEntry[] {
  return entries.map((entry) => (entry.id === id ? { ...entry, ...change } : entry));
}

export function uploadReducer(
  entries: readonly UploadEntry[],
  action: UploadAction,
): readonly UploadEntry[] {
  switch (action.type) {
    case "add": {
      const next = (entries.at(-1)?.id ?? 0) + 1;
      return [...entries, ...action.files.map((file, place) => entryOf(next + place, file, action.maxBytes))];
    }
    case "remove":
      return entries.filter(({ id }) => id !== action.id);
    case "start":
      return entries.map((entry) => (entry.state === "picked" ? { ...entry, state: "waiting" } : entry));
    case "send":
      return changed(entries, action.id, { state: "sending", progress: 0, error: null });
    case "progress":
      return changed(entries, action.id, { progress: action.progress, broken: false });
    case "broken":
      return changed(entries, action.id, { broken: true });
    case "done":
      return changed(entries, action.id, {
        state: "done",
        progress: 1,
        broken: false,
        image: action.image,
        known: action.known,
      });
    case "fail":
      return changed(entries, action.id, { state: "failed", broken: false, error: action.error });
    case "retry":
      // A file the rules refuse will be refused again; only the others are worth another try.
      return entries.map((entry) =>
        entry.state === "failed" && entry.objection === null
          ? { ...entry, state: "waiting", progress: 0, error: null }
          : entry,
      );
  }
}

export function summarise(entries: readonly UploadEntry[]): UploadSummary {
  const count = (state: UploadState): number => entries.filter((entry) => entry.state === state).length;
  const finished = entries.reduce(
    (sum, entry) => sum + (entry.state === "failed" ? 1 : entry.progress),
    0,
  );
  return {
    total: entries.length,
    done: count("done"),
    failed: count("failed"),
    picked: count("picked"),
    open: count("waiting") + count("sending"),
    share: entries.length === 0 ? 0 : finished / entries.length,
  };
}
