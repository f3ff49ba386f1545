import { useState, type PointerEvent, type ReactNode } from "react";
import { newId } from "../api/ids";
import { labelColour } from "../ui/theme";
import { boxBetween, corner, HANDLES, type Box, type Point, type Size } from "./geometry";
import { Caption } from "./MarkLayer";
import { drawnBox, during, type EditedBox, type Gesture, type Tool } from "./tools";
import { toImage, type View } from "./viewport";

interface Props {
  readonly view: View;
  readonly image: Size;
  readonly boxes: readonly EditedBox[];
  readonly labels: readonly string[];
  readonly tool: Tool;
  readonly chosen: string | null;
  readonly drawLabel: string;
  readonly onChoose: (id: string | null) => void;
  /** Called once a gesture, at its end. */
  readonly onChange: (boxes: readonly EditedBox[]) => void;
}

/** Side of a corner's handle in screen pixels. */
const HANDLE = 10;

/** Boxes that can be moved, pulled and drawn, as an overlay of a stage. */
export function BoxLayer(props: Props): ReactNode {
  const { view, image, boxes, labels, tool, chosen, drawLabel, onChoose, onChange } = props;
  const [gesture, setGesture] = useState<Gesture | null>(null);
  const shown = gesture === null ? boxes : during(boxes, gesture, image);

  const at = (event: PointerEvent<SVGElement>): Point => {
    const bounds = (event.currentTarget.ownerSVGElement ?? event.currentTarget).getBoundingClientRect();
    return toImage(view, [event.clientX - bounds.left, event.clientY - bounds.top]);
  };
  const begin = (event: PointerEvent<SVGElement>, next: Gesture): void => {
    // The stage below would pan the image with the same gesture.
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    setGesture(next);
  };
  const track = (event: PointerEvent<SVGElement>): void => {
    if (gesture === null) return;
    event.stopPropagation();
    setGesture({ ...gesture, to: at(event) });
  };
  const end = (): void => {
    if (gesture === null) return;
    setGesture(null);
    const drawn = drawnBox(gesture, image);
    if (drawn !== null) {
      const id = newId();
      onChange([...boxes, { id, label: drawLabel, box: drawn, score: null }]);
      onChoose(id);
    } else if (shown.some((one, place) => one !== boxes[place])) onChange(shown);
  };
  const gestures = { onPointerMove: track, onPointerUp: end, onPointerCancel: () => setGesture(null) };
  const one = tool === "select" ? shown.find(({ id }) => id === chosen) : undefined;

  return (
    <g className="editor">
      {tool === "draw" && (
        <rect
          className="editor-canvas"
          width={image.width}
          height={image.height}
          onPointerDown={(event) => begin(event, { kind: "draw", from: at(event), to: at(event) })}
          {...gestures}
        />
      )}
      {shown.map((each) => (
        <g key={each.id} pointerEvents={tool === "draw" ? "none" : undefined}>
          <BoxArea
            box={each.box}
            name={captionOf(each)}
            colour={labelColour(labels, each.label)}
            chosen={each.id === chosen}
            onFocus={() => onChoose(each.id)}
            onPointerDown={(event) => {
              onChoose(each.id);
              begin(event, { kind: "move", id: each.id, from: at(event), to: at(event) });
            }}
            {...gestures}
          />
          <Caption
            text={captionOf(each)}
            x={each.box[0]}
            y={each.box[1]}
            colour={labelColour(labels, each.label)}
            inside={false}
          />
        </g>
      ))}
      {one !== undefined &&
        HANDLES.map((handle) => {
          const [x, y] = corner(one.box, handle);
          return (
            <g key={handle} transform={`translate(${x}, ${y})`}>
              <rect
                className={`editor-handle editor-handle-${handle}`}
                x={-HANDLE / 2}
                y={-HANDLE / 2}
                width={HANDLE}
                height={HANDLE}
                onPointerDown={(event) => begin(event, { kind: "resize", id: one.id, handle, to: [x, y] })}
                {...gestures}
              />
            </g>
          );
        })}
      {gesture?.kind === "draw" && (
        <BoxArea
          box={boxBetween(gesture.from, gesture.to, image)}
          colour={labelColour(labels, drawLabel)}
          chosen
        />
      )}
    </g>
  );
}

function captionOf({ label, score }: EditedBox): string {
  return score === null ? label : `${label} ${score.toFixed(2)}`;
}

interface AreaProps {
  readonly box: Box;
  /** A box without a name cannot be reached by keyboard. */
  readonly name?: string;
  readonly colour: string;
  readonly chosen: boolean;
  readonly onFocus?: () => void;
  readonly onPointerDown?: (event: PointerEvent<SVGElement>) => void;
  readonly onPointerMove?: (event: PointerEvent<SVGElement>) => void;
  readonly onPointerUp?: () => void;
  readonly onPointerCancel?: () => void;
}

function BoxArea({ box, name, colour, chosen, ...listeners }: AreaProps): ReactNode {
  return (
    <rect
      className="editor-box"
      x={box[0]}
      y={box[1]}
      width={box[2] - box[0]}
      height={box[3] - box[1]}
      stroke={colour}
      strokeWidth={chosen ? 3 : 2}
      fill={colour}
      fillOpacity={chosen ? 0.18 : 0.04}
      {...(name === undefined ? {} : { role: "button", tabIndex: 0, "aria-label": name, "aria-pressed": chosen })}
      {...listeners}
    />
  );
}
