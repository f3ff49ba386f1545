import type { ReactNode } from "react";
import { newId } from "../../api/ids";
import { distance, inside, type Point } from "../geometry";
import { written } from "../ShapeLayer";
import { shapeOf } from "../shapes";
import type { Paper, Tool } from "./tool";

/** A click so near the first point closes the outline, in screen pixels. */
const CLOSE_PX = 10;

/** An outline is clicked point by point; its first point, a double click or Enter closes it. */
export function clickedRing(kind: "polygon" | "ignore"): Pick<Tool, "draws" | "ring" | "press" | "doubleClick" | "finish"> {
  const close = (points: readonly Point[], { desk, onRing, onDrawn }: Paper): void => {
    onRing([]);
    onDrawn(shapeOf(newId(), kind, { label: kind === "ignore" ? "" : desk.label, points }));
  };
  return {
    draws: true,
    ring: kind,
    press: ({ at, pixel }, paper) => {
      if (closes(paper.ring, at, pixel)) close(paper.ring, paper);
      else paper.onRing([...paper.ring, inside(at, paper.image)]);
      return {};
    },
    doubleClick: (_, paper) => {
      // The second press of the double click has set a point on the last one.
      if (paper.ring.length > 3) close(paper.ring.slice(0, -1), paper);
      return true;
    },
    finish: (paper) => {
      if (paper.ring.length > 2) close(paper.ring, paper);
    },
  };
}

function closes(ring: readonly Point[], at: Point, pixel: number): boolean {
  const [first] = ring;
  return ring.length > 2 && first !== undefined && distance(first, at) < CLOSE_PX * pixel;
}

interface Props {
  readonly ring: readonly Point[];
  readonly pointer: Point | null;
  readonly pixel: number;
}

/** The points so far, with a line to the pointer; it stays while the picture is dragged. */
export function OpenRing({ ring, pointer, pixel }: Props): ReactNode {
  if (ring.length === 0) return null;
  const closing = pointer !== null && closes(ring, pointer, pixel);
  return (
    <>
      <polyline points={written(pointer === null ? ring : [...ring, pointer])} />
      {ring.map(([x, y], place) => (
        <g key={place} transform={`translate(${x}, ${y})`}>
          <circle className={place === 0 && closing ? "editor-handle editor-close" : "editor-handle"} r={place === 0 ? 6 : 4} />
        </g>
      ))}
    </>
  );
}
