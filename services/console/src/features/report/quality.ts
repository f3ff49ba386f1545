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

const KEYS: readonly (readonly [QualityName, string, QualityFigure["unit"]])[] = [
  ["iou", "iou", "share"],
  ["tightness", "tightness", "share"],
  ["coverage", "coverage", "share"],
  ["boundary_iou", "boundary_iou", "share"],
  ["boundary_f", "boundary_f", "share"],
  ["shape", "shape", "share"],
  ["boundary_map", "boundary_map", "share"],
  ["count_error", "count_mean_absolute", "objects"],
  ["count_bias", "count_bias", "objects"],
  ["count_exact", "count_exact_rate", "share"],
];

/** The section is an open object: outline figures stand in it for masks only, and figures may be null. */
export function qualityFigures(quality: unknown): QualityFigure[] {
  const masks = member(quality, "boundary_iou") !== null;
  return KEYS.flatMap(([name, key, unit]) => {
    const value = member(quality, key);
    const shown = masks && name === "iou" ? "mask_iou" : name;
    return typeof value === "number" ? [{ name: shown, value, unit }] : [];
  });
}

function member(value: unknown, name: string): unknown {
  const found = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : null;
  return found ?? null;
}
