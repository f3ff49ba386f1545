/** Which misread lines are shown, and in which order. */
import type { MisreadLine, MisreadLines } from "../../api/evaluator";
import type { ErrorTick, Shown } from "./errorMarks";

export type MisreadKind = MisreadLine["kind"];
export type LineSort = "errors" | "confidence";

/** A tick of the gallery of lines; a line with wrong signs is what a wrong label is of objects. */
export const LINE_TICKS: readonly ErrorTick[] = ["wrong_label", "missed", "false"];
export const LINE_SORTS: readonly LineSort[] = ["errors", "confidence"];

export function kindOf(tick: ErrorTick): MisreadKind {
  return tick === "missed" || tick === "false" ? tick : "wrong_sign";
}

/** Lines of the ticked kinds; with as many errors, the surer one first, and a missed line has no confidence. */
export function shownLines({ samples }: MisreadLines, shown: Shown, sort: LineSort): MisreadLine[] {
  const kinds = new Set(LINE_TICKS.filter((tick) => shown[tick]).map(kindOf));
  const surer = (one: MisreadLine, other: MisreadLine): number => (other.score ?? -1) - (one.score ?? -1);
  return samples
    .filter(({ kind }) => kinds.has(kind))
    .sort((one, other) =>
      sort === "errors" ? other.errors - one.errors || surer(one, other) : surer(one, other) || other.errors - one.errors,
    );
}

/** How many there are of the ticked kinds, shown or not. */
export function countOfLines({ counts }: MisreadLines, shown: Shown): number {
  return LINE_TICKS.filter((tick) => shown[tick]).reduce((sum, tick) => sum + (counts[kindOf(tick)] ?? 0), 0);
}
