/** The figures of a report's quality section, in the order in which they are shown. */
export type QualityName =
  | "iou"
  | "tightness"
  | "coverage"
  | "mask_iou"
  | "boundary_iou"
  | "boundary_f"
  | "shape"
  | "boundary_map"
  | "count_error"
  | "count_bias"
  | "count_exact";

export interface QualityFigure {
  readonly name: QualityName;
  readonly value: number;
  readonly unit: "share" | "objects";
}

const PLACES: readonly (readonly [QualityName, readonly string[], QualityFigure["unit"]])[] = [
  ["iou", ["box", "iou"], "share"],
  ["tightness", ["box", "tightness"], "share"],
  ["coverage", ["box", "coverage"], "share"],
  ["mask_iou", ["mask", "iou"], "share"],
  ["boundary_iou", ["mask", "boundary_iou"], "share"],
  ["boundary_f", ["mask", "boundary_f"], "share"],
  ["shape", ["mask", "shape"], "share"],
  ["boundary_map", ["boundary_map"], "share"],
  ["count_error", ["count", "mean_absolute"], "objects"],
  ["count_bias", ["count", "bias"], "objects"],
  ["count_exact", ["count", "exact_rate"], "share"],
];

/** The section is an open object: outline figures stand in it for masks only, and figures may be null. */
export function qualityFigures(quality: unknown): QualityFigure[] {
  return PLACES.flatMap(([name, path, unit]) => {
    const value = path.reduce<unknown>(member, quality);
    return typeof value === "number" ? [{ name, value, unit }] : [];
  });
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : null;
}
