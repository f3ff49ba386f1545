/** How the errors of an image are drawn; what the ticks hide is not drawn. */
import type { MarkKind, ReportMark } from "../../api/evaluator";
import type { Mark } from "../../ui/ImageStage";
import { boxCorners } from "../../ui/outline";

export type Shown = Readonly<Record<MarkKind, boolean>>;

/** Fixed by the manual: red is a false detection, orange a missed target. */
export const KIND_COLOURS: Readonly<Record<MarkKind, string>> = {
  false: "#f03e3e",
  missed: "#ff922b",
  correct: "#12b76a",
};

/** The kind of error to ask for; null asks for every kind. */
export function askedKind(shown: Shown): MarkKind | null {
  if (shown.false === shown.missed) return null;
  return shown.false ? "false" : "missed";
}

/** "scratch 0.80", with the label it was taken for or is taken from behind an arrow. */
export function caption({ label, score, confused_with: other }: ReportMark): string {
  const name = other === null ? label : `${label} ⇄ ${other}`;
  return score === null ? name : `${name} ${score.toFixed(2)}`;
}

export function marksOf(marks: readonly ReportMark[], shown: Shown): Mark[] {
  return marks.flatMap((mark, place): Mark[] => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = mark.box;
    if (!shown[mark.kind]) return [];
    return [
      {
        id: String(place),
        outline: boxCorners([x1, y1, x2, y2]),
        colour: KIND_COLOURS[mark.kind],
        caption: caption(mark),
      },
    ];
  });
}
