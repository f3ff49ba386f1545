/** How the errors of an image are drawn; what the ticks hide is not drawn. */
import type { MarkKind, ReportMark } from "../../api/evaluator";
import { boxCorners } from "../../editor/geometry";
import type { Mark } from "../../editor/marks";
import { VERDICT_COLOURS } from "../../ui/theme";

/** A tick of the error gallery: the kinds of marks, and the confusions among them. */
export type ErrorTick = MarkKind | "wrong_label";
export type Shown = Readonly<Record<ErrorTick, boolean>>;

/**
 * The kind of error to ask for; null asks for every kind. A wrong label is a false detection of one
 * label and a miss of another, so that both of these bring it along.
 */
export function askedKind(shown: Shown): ErrorTick | null {
  if (shown.false !== shown.missed) return shown.false ? "false" : "missed";
  return !shown.false && shown.wrong_label ? "wrong_label" : null;
}

function isShown({ kind, confused_with: other }: ReportMark, shown: Shown): boolean {
  return shown[kind] || (other !== null && shown.wrong_label);
}

/** How many errors of a tick an image has; a wrong label is two marks and one error. */
export function countOf(marks: readonly ReportMark[], tick: ErrorTick): number {
  return marks.filter(({ kind, confused_with: other }) =>
    tick === "wrong_label" ? other !== null && kind === "false" : kind === tick,
  ).length;
}

/** "scratch 0.80", with the label it was taken for or is taken from behind an arrow. */
export function caption({ label, score, confused_with: other }: ReportMark): string {
  const name = other === null ? label : `${label} ⇄ ${other}`;
  return score === null ? name : `${name} ${score.toFixed(2)}`;
}

export function marksOf(marks: readonly ReportMark[], shown: Shown): Mark[] {
  return marks.flatMap((mark, place): Mark[] => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = mark.box;
    if (!isShown(mark, shown)) return [];
    return [
      {
        id: String(place),
        outline: boxCorners([x1, y1, x2, y2]),
        mask: mark.rle,
        colour: VERDICT_COLOURS[mark.kind],
        caption: caption(mark),
        captionBelow: mark.kind === "missed" && mark.confused_with !== null,
      },
    ];
  });
}
