/** Which figures of a label carry a yellow mark while the threshold moves. */
import type { LabelResult, LabelWarning } from "../../api/evaluator";

/** The manual's table marks 84.6 % and leaves 94.1 %; the evaluator draws the line here too. */
const LOW_RATE = 0.9;

/** Only the rate depends on the threshold; the other marks stay as the evaluator set them. */
export function warningsAt(result: Pick<LabelResult, "detection_rate" | "warnings">): LabelWarning[] {
  const others = result.warnings.filter((warning) => warning !== "rate");
  const low = result.detection_rate !== null && result.detection_rate < LOW_RATE;
  return low ? ["rate", ...others] : others;
}
