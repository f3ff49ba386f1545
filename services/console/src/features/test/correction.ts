/** What a person makes of a version's findings, or of an annotation that was saved before. */
import type { Annotation, NewShape } from "../../api/annotation";
import { bounds } from "../../editor/geometry";
import { outline } from "../../editor/marks";
import type { EditedBox } from "../../editor/tools";
import type { FoundShape } from "./thresholds";

type SavedShape = Annotation["shapes"][number];

/** Boxes to edit, and shapes of another kind that stay as they are. */
export interface Correction {
  readonly boxes: readonly EditedBox[];
  readonly others: readonly SavedShape[];
}

/** Findings as boxes, each with its score until a person touches it. */
export function fromFindings(shapes: readonly FoundShape[]): Correction {
  const boxes = shapes.flatMap((shape, place): EditedBox[] => {
    const box = bounds(outline(shape));
    return box === null ? [] : [{ id: `found-${place}`, label: shape.label, score: shape.score ?? null, box }];
  });
  return { boxes, others: [] };
}

export function fromAnnotation({ shapes }: Pick<Annotation, "shapes">): Correction {
  const isBox = ({ kind }: SavedShape): boolean => kind === "box";
  const boxes = shapes.filter(isBox).flatMap(({ id, label, points }, place): EditedBox[] => {
    const box = bounds(outline({ kind: "box", points }));
    return box === null ? [] : [{ id: id === "" ? `saved-${place}` : id, label, score: null, box }];
  });
  return { boxes, others: shapes.filter((shape) => !isBox(shape)) };
}

export function shapesOf({ boxes, others }: Correction): NewShape[] {
  return [
    ...boxes.map(({ id, label, box: [x1, y1, x2, y2] }): NewShape => ({
      id,
      label,
      kind: "box",
      points: [
        [x1, y1],
        [x2, y2],
      ],
    })),
    ...others.map(written),
  ];
}

/** What was read, as it is written back: the published answers do not say that points are pairs. */
function written({ points, rle, ...shape }: SavedShape): NewShape {
  return {
    ...shape,
    points: points.map(([x = 0, y = 0]): [number, number] => [x, y]),
    rle: rle == null ? null : { counts: rle.counts, size: [rle.size[0] ?? 0, rle.size[1] ?? 0] },
  };
}

/** A draft is read back from the browser's store, where an older console may have written it. */
export function areBoxes(work: unknown): work is readonly EditedBox[] {
  return Array.isArray(work) && work.every(isBox);
}

function isBox(value: unknown): value is EditedBox {
  if (typeof value !== "object" || value === null) return false;
  const { id, label, box, score } = value as Partial<Record<keyof EditedBox, unknown>>;
  const corners = Array.isArray(box) && box.length === 4 && box.every((side) => Number.isFinite(side));
  return typeof id === "string" && typeof label === "string" && corners && (score === null || typeof score === "number");
}
