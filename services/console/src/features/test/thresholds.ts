import type { Prediction } from "../../api/inference";

/** Kept low on purpose: the slider above the results hides what is below it without asking again. */
export const LOWEST_THRESHOLD = 0.05;

/** The detection threshold the manual works with: of a version whose report has found no better one. */
export const START_THRESHOLD = 0.3;

export type FoundShape = Prediction["shapes"][number];

/** What a prediction says at a threshold; a shape without a score is always kept. */
export function shapesFrom(prediction: Prediction, threshold: number): FoundShape[] {
  return prediction.shapes.filter(({ score }) => (score ?? 1) >= threshold);
}
