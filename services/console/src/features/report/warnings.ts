/** Which figures of a label carry a yellow mark while the threshold moves. */
import type { LabelWarning } from "../../api/evaluator";

/** The manual's table marks 84.6 % and leaves 94.1 %; the evaluator draws the line here too. */
export const GOOD_RATE = 0.9;

/** Only the rate depends on the threshold; the other marks stay as the evaluator set them. */
export function warningsAt(rate: number | null, marks: readonly LabelWarning[]): LabelWarning[] {
  const others = marks.filter((mark) => mark !== "rate");
  return rate !== null && rate < GOOD_RATE ? ["rate", ...others] : others;
}
