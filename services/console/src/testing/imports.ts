/** Imports as the platform would answer them. */
import type { ImportedFile, ImportReport, ImportRun } from "../api/annotation";

const AT = "2026-11-26T08:00:00Z";

export function importedFile(part: Partial<ImportedFile> = {}): ImportedFile {
  return {
    file: "part-1.json",
    status: "readable",
    action: "new",
    before: null,
    image_id: "i1",
    image_name: "part-1.jpg",
    format: "labelme",
    shapes: 2,
    warnings: [],
    message: "",
    annotation: null,
    ...part,
  };
}

export function importRun(part: Partial<ImportRun> = {}): ImportRun {
  return {
    id: "r1",
    project_id: "p1",
    name: "labels.zip",
    dry_run: false,
    strict: false,
    on_conflict: "keep",
    state: "succeeded",
    progress: { percent: 100, stage: "done", seconds_left: null, figures: {} },
    has_report: true,
    has_archive: false,
    imported: 1,
    failed: 0,
    error: "",
    created_at: AT,
    created_by: "ann",
    finished_at: AT,
    ...part,
  };
}

export function importReport(part: Partial<ImportReport> = {}): ImportReport {
  return {
    import_id: "",
    imported: 0,
    failed: 0,
    left_aside: 0,
    pictures: 0,
    warnings: 0,
    counts: {
      new: 0, replaced: 0, replaced_shapes: 0, merged: 0, unchanged: 0, kept: 0, negatives: 0, unmatched: 0,
    },
    new_labels: [],
    entries: [],
    splits: [],
    ...part,
  };
}
