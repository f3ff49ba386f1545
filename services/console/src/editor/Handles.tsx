import type { ReactNode } from "react";
import { handleAt, HANDLES, plus, turned, type Point } from "./geometry";
import { boxOf, isBoxed, isRing, type EditedShape } from "./shapes";

interface Props {
  readonly shape: EditedShape;
  /** Image pixels of a screen pixel. */
  readonly pixel: number;
}

/** Side of a handle in screen pixels. */
const SIDE = 10;
/** The grip that turns a box stands so far over its upper side. */
const STEM = 26;

/** What the one chosen shape can be pulled by: corners and sides, points, or a grip to turn it. */
export function Handles({ shape, pixel }: Props): ReactNode {
  if (isRing(shape)) {
    return (
      <>
        {shape.points.map((point, place) => (
          <Grip key={place} at={point} data={{ "data-vertex": place }} className="editor-vertex" />
        ))}
        {shape.points.map((point, place) => {
          const next = shape.points[(place + 1) % shape.points.length] ?? point;
          const middle: Point = [(point[0] + next[0]) / 2, (point[1] + next[1]) / 2];
          return <Grip key={`side ${place}`} at={middle} data={{ "data-side": place }} className="editor-side" />;
        })}
      </>
    );
  }
  if (!isBoxed(shape)) return null;
  const box = boxOf(shape);
  const top = handleAt(box, "n", shape.angle);
  const grip = plus(top, turned([0, -STEM * pixel], shape.angle));
  return (
    <>
      {shape.kind === "rotated_box" && (
        <>
          <line className="editor-stem" x1={top[0]} y1={top[1]} x2={grip[0]} y2={grip[1]} />
          <Grip at={grip} data={{ "data-turn": "" }} className="editor-turn" />
        </>
      )}
      {HANDLES.map((handle) => (
        <Grip
          key={handle}
          at={handleAt(box, handle, shape.angle)}
          data={{ "data-handle": handle }}
          className={`editor-handle-${handle}`}
        />
      ))}
    </>
  );
}

interface GripProps {
  readonly at: Point;
  readonly className: string;
  /** What the canvas reads off the grip that was taken. */
  readonly data: Readonly<Record<string, string | number>>;
}

function Grip({ at: [x, y], className, data }: GripProps): ReactNode {
  return (
    <g transform={`translate(${x}, ${y})`}>
      <rect className={`editor-handle ${className}`} x={-SIDE / 2} y={-SIDE / 2} width={SIDE} height={SIDE} {...data} />
    </g>
  );
}
