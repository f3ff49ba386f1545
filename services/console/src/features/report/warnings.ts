/** Which figures of a label carry a yellow mark while the threshold moves. */
import type { LabelWarning } from "../../api/evaluator";
import { FACTS } from "../../api/generated/facts";

/** Only the rate depends on the threshold; the other marks stay as the evaluator set them. */
export function warningsAt(rate: number | null, marks: readonly LabelWarning[]): LabelWarning[] {
  const others = marks.filter((mark) => mark !== "rate");
  return rate !== null && rate < FACTS.low_rate ? ["rate", ...others] : others;
}
