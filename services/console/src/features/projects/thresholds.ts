import type { Prediction } from "../../api/inference";
import type { Task } from "../../api/workspace";
import { onGrid } from "../../ui/onGrid";

/** Kept low on purpose: the slider above the results hides what is below it without asking again. */
const LOWEST_THRESHOLD = 0.05;

/** The detection threshold the manual works with: of a version whose report has found no better one. */
const START_THRESHOLD = 0.3;

/** What a test asks for; a classifier always says one label, however unsure it is. */
export function lowestThreshold(task: Task): number {
  return task === "classification" ? 0 : LOWEST_THRESHOLD;
}

/** Where the results of a version begin: at the threshold its report advises, a classifier's at none. */
export function startThreshold(task: Task, advised: number | null | undefined): number {
  if (task === "classification") return 0;
  return advised == null ? START_THRESHOLD : Math.max(LOWEST_THRESHOLD, onGrid(advised));
}

export type FoundShape = Prediction["shapes"][number];

/** What a prediction says at a threshold; a shape without a score is always kept. */
export function shapesFrom(prediction: Prediction, threshold: number): FoundShape[] {
  return prediction.shapes.filter(({ score }) => (score ?? 1) >= threshold);
}
