import type { ShapeKind } from "../api/annotation";
import { newId } from "../api/ids";
import type { Desk } from "./desk";
import { removed, replaced, withShapes } from "./edits";
import type { Point, Size } from "./geometry";
import { areaOfPath, changedBy, cutShape, isCuttable, joined, makesOf, shapeOfArea, withoutHoles } from "./reshaping";
import { isArea, shapeOf, type Drawing, type EditedShape } from "./shapes";
import type { How } from "./tools/tool";

/** What a person is told where nothing, or something else, came of it. */
export type Told = "apart" | "unalike" | "filled" | "notCut" | "twoParts" | "chooseTwo" | "chooseOutline" | "chooseMask" | "noHoles" | "noPicture";

interface Asked {
  readonly image: Size;
  readonly kinds: readonly ShapeKind[];
  readonly desk: Desk;
  readonly drawing: Drawing;
  readonly change: (drawing: Drawing) => void;
  /** Chosen and not locked, from the lowest to the one on top. */
  readonly chosen: readonly EditedShape[];
  /** Seen and not locked. */
  readonly seen: readonly EditedShape[];
  readonly choose: (ids: readonly string[]) => void;
  readonly drawn: (shape: EditedShape) => void;
  readonly onTold: (what: Told) => void;
}

export interface Reshaping {
  readonly trace: (ring: readonly Point[], how: How) => void;
  readonly cut: (from: Point, to: Point) => void;
  readonly join: () => void;
  readonly fillHoles: () => void;
}

/** Lasso, cut, join and holes: what makes shapes of shapes. */
export function useReshaping(asked: Asked): Reshaping {
  const { image, kinds, desk, drawing, change, chosen, choose, drawn, onTold } = asked;

  const trace = (ring: readonly Point[], how: How): void => {
    const target = chosen.findLast(isArea);
    if (how !== "new" && target !== undefined) {
      const after = changedBy(target, ring, how, image);
      return after === null ? onTold("twoParts") : change(replaced(drawing, [after]));
    }
    if (how === "subtract") return;
    const shape =
      makesOf(desk.makes, kinds) === "mask"
        ? shapeOfArea(areaOfPath(ring, image), { as: "mask", label: desk.label, id: newId() }, image)
        : shapeOf(newId(), "polygon", { label: desk.label, points: ring });
    if (shape !== null) drawn(shape);
  };
  const cut = (from: Point, to: Point): void => {
    const cutOf = (pool: readonly EditedShape[]): EditedShape[][] => {
      const ids = new Set(pool.filter(isCuttable).map(({ id }) => id));
      return drawing.shapes.map((shape) => (ids.has(shape.id) ? cutShape(shape, [from, to], image, newId) : [shape]));
    };
    const partsOf = (all: EditedShape[][]): EditedShape[] => all.filter((pieces) => pieces.length > 1).flat();
    // What is chosen goes first; a line beside it, say the next of several cuts, is meant for what it passes.
    const ofChosen = cutOf(chosen);
    const after = partsOf(ofChosen).length > 0 ? ofChosen : cutOf(asked.seen);
    const parts = partsOf(after);
    if (parts.length === 0) return onTold("notCut");
    change(withShapes(drawing, after.flat()));
    choose(parts.map(({ id }) => id));
  };
  const join = (): void => {
    const [first, ...others] = chosen;
    if (first === undefined || others.length === 0) return onTold("chooseTwo");
    if (others.some(({ label }) => label !== first.label)) return onTold("unalike");
    const { shape, filled } = joined(chosen, kinds, image);
    if (shape === null) return onTold("apart");
    if (filled) onTold("filled");
    const gone = new Set(others.map(({ id }) => id));
    change(replaced(removed(drawing, gone), [shape]));
    choose([first.id]);
  };
  const fillHoles = (): void => {
    if (!chosen.some(({ kind }) => kind === "mask")) return onTold("chooseMask");
    const after = chosen.map(withoutHoles);
    if (after.every((shape, place) => shape === chosen[place])) return onTold("noHoles");
    change(replaced(drawing, after));
  };
  return { trace, cut, join, fillHoles };
}
