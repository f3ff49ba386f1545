import { useState, type PointerEvent, type ReactNode } from "react";
import { newId } from "../../api/ids";
import { labelColour } from "../../app/theme";
import { Caption } from "../../ui/ImageStage";
import { toImage, toScreen, type Point, type Size, type View } from "../../ui/viewport";
import {
  boxBetween,
  corner,
  HANDLES,
  isDrawn,
  moved,
  resized,
  type EditedBox,
  type Handle,
} from "./boxEditing";

export type Tool = "select" | "draw";

interface Props {
  readonly view: View;
  readonly image: Size;
  readonly boxes: readonly EditedBox[];
  readonly labels: readonly string[];
  readonly tool: Tool;
  readonly chosen: string | null;
  readonly drawLabel: string;
  readonly onChoose: (id: string | null) => void;
  readonly onChange: (boxes: readonly EditedBox[]) => void;
}

type Drag =
  | { readonly kind: "move"; readonly id: string; readonly from: Point; readonly start: EditedBox }
  | { readonly kind: "resize"; readonly id: string; readonly handle: Handle; readonly start: EditedBox }
  | { readonly kind: "draw"; readonly from: Point; readonly to: Point };

/** Boxes that can be moved, pulled and drawn, as an overlay of an image stage. */
export function BoxEditor(props: Props): ReactNode {
  const { view, image, boxes, labels, tool, chosen, drawLabel, onChoose, onChange } = props;
  const [drag, setDrag] = useState<Drag | null>(null);

  const at = (event: PointerEvent<SVGElement>): Point => {
    const bounds = (event.currentTarget.ownerSVGElement ?? event.currentTarget).getBoundingClientRect();
    return toImage(view, [event.clientX - bounds.left, event.clientY - bounds.top]);
  };
  const begin = (event: PointerEvent<SVGElement>, next: Drag): void => {
    // The stage below would pan the image with the same gesture.
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag(next);
  };
  const replace = (id: string, box: EditedBox["box"]): void =>
    onChange(boxes.map((one) => (one.id === id ? { ...one, box, score: null } : one)));
  const track = (event: PointerEvent<SVGElement>): void => {
    if (drag === null) return;
    event.stopPropagation();
    const point = at(event);
    if (drag.kind === "draw") setDrag({ ...drag, to: point });
    else if (drag.kind === "resize") replace(drag.id, resized(drag.start.box, drag.handle, point, image));
    else replace(drag.id, moved(drag.start.box, point[0] - drag.from[0], point[1] - drag.from[1], image));
  };
  const end = (): void => {
    if (drag?.kind === "draw") {
      const box = boxBetween(drag.from, drag.to, image);
      if (isDrawn(box)) {
        const id = newId();
        onChange([...boxes, { id, label: drawLabel, box, score: null }]);
        onChoose(id);
      }
    }
    setDrag(null);
  };
  const gestures = { onPointerMove: track, onPointerUp: end, onPointerCancel: end };

  return (
    <g className="editor">
      {tool === "draw" && (
        <rect
          className="editor-canvas"
          width="100%"
          height="100%"
          onPointerDown={(event) => begin(event, { kind: "draw", from: at(event), to: at(event) })}
          {...gestures}
        />
      )}
      {boxes.map((one) => (
        <g key={one.id} pointerEvents={tool === "draw" ? "none" : undefined}>
          <ScreenBox
            view={view}
            box={one.box}
            colour={labelColour(labels, one.label)}
            chosen={one.id === chosen}
            onPointerDown={(event) => {
              onChoose(one.id);
              begin(event, { kind: "move", id: one.id, from: at(event), start: one });
            }}
            {...gestures}
          />
          <BoxCaption view={view} one={one} labels={labels} />
        </g>
      ))}
      {boxes
        .filter(({ id }) => id === chosen && tool === "select")
        .flatMap((one) =>
          HANDLES.map((handle) => {
            const [x, y] = toScreen(view, corner(one.box, handle));
            return (
              <rect
                key={handle}
                className={`editor-handle editor-handle-${handle}`}
                x={x - 5}
                y={y - 5}
                width={10}
                height={10}
                onPointerDown={(event) =>
                  begin(event, { kind: "resize", id: one.id, handle, start: one })
                }
                {...gestures}
              />
            );
          }),
        )}
      {drag?.kind === "draw" && (
        <ScreenBox
          view={view}
          box={boxBetween(drag.from, drag.to, image)}
          colour={labelColour(labels, drawLabel)}
          chosen
        />
      )}
    </g>
  );
}

interface ScreenBoxProps {
  readonly view: View;
  readonly box: EditedBox["box"];
  readonly colour: string;
  readonly chosen: boolean;
  readonly onPointerDown?: (event: PointerEvent<SVGElement>) => void;
  readonly onPointerMove?: (event: PointerEvent<SVGElement>) => void;
  readonly onPointerUp?: () => void;
  readonly onPointerCancel?: () => void;
}

function ScreenBox({ view, box, colour, chosen, ...gestures }: ScreenBoxProps): ReactNode {
  const [left, top] = toScreen(view, [box[0], box[1]]);
  const [right, bottom] = toScreen(view, [box[2], box[3]]);
  return (
    <rect
      className="editor-box"
      x={left}
      y={top}
      width={right - left}
      height={bottom - top}
      stroke={colour}
      strokeWidth={chosen ? 3 : 2}
      fill={colour}
      fillOpacity={chosen ? 0.18 : 0.04}
      {...gestures}
    />
  );
}

interface CaptionProps {
  readonly view: View;
  readonly one: EditedBox;
  readonly labels: readonly string[];
}

function BoxCaption({ view, one, labels }: CaptionProps): ReactNode {
  const [x, y] = toScreen(view, [one.box[0], one.box[1]]);
  const text = one.score === null ? one.label : `${one.label} ${one.score.toFixed(2)}`;
  return <Caption text={text} x={x} y={y} colour={labelColour(labels, one.label)} />;
}
