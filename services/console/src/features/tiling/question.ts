/** What the advice screen asks: numbers that may be half typed become a question that makes sense. */
import type { PlanQuestion } from "../../api/tiling";

export interface Asked {
  readonly targetWidth: number | null;
  readonly targetHeight: number | null;
  readonly imageWidth: number | null;
  readonly imageHeight: number | null;
  readonly rows: number | null;
  readonly columns: number | null;
  readonly overlap: number | null;
}

export const NOTHING_ASKED: Asked = {
  targetWidth: null,
  targetHeight: null,
  imageWidth: null,
  imageHeight: null,
  rows: null,
  columns: null,
  overlap: null,
};

/** Only whole pairs are asked for; what is left open is read from the project's images and annotations. */
export function toQuestion(asked: Asked): PlanQuestion {
  const { targetWidth, targetHeight, imageWidth, imageHeight, rows, columns, overlap } = asked;
  return {
    ...(targetWidth === null || targetHeight === null
      ? {}
      : {
          min_target_area: targetWidth * targetHeight,
          max_target_side: Math.max(targetWidth, targetHeight),
        }),
    ...(imageWidth === null || imageHeight === null ? {} : { width: imageWidth, height: imageHeight }),
    ...(rows === null || columns === null ? {} : { rows, columns, overlap_px: overlap ?? 0 }),
  };
}
