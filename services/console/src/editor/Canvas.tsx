import { memo, useEffect, useRef, type ReactNode, type RefObject } from "react";
import { isDrawingTool, type Desk } from "./desk";
import { boxBetween, boxCorners, distance, type Point, type Size } from "./geometry";
import { Handles } from "./Handles";
import { colourOf, ShapeLayer, written } from "./ShapeLayer";
import { CLOSE_PX, useGestures, type CanvasProps, type Placed, type Sketch } from "./useGestures";

/** Shapes that can be chosen, moved, pulled and drawn, in image pixels, as an overlay of a stage. */
export const Canvas = memo(function Canvas(props: CanvasProps): ReactNode {
  const { image, labels, desk, chosen, hidden, locked, ignored, ring } = props;
  const layer = useRef<SVGGElement>(null);
  const place = (event: { readonly clientX: number; readonly clientY: number }): Placed => {
    const matrix = layer.current?.getScreenCTM() ?? null;
    if (matrix === null || matrix.a === 0) return { at: [event.clientX, event.clientY], pixel: 1 };
    const at: Point = [(event.clientX - matrix.e) / matrix.a, (event.clientY - matrix.f) / matrix.d];
    return { at, pixel: 1 / matrix.a };
  };
  useWheel(layer, props.onTurn);
  const { shown, sketch, pixel, listeners } = useGestures(props, place);
  const [only] = chosen;
  const one = chosen.size === 1 && desk.tool === "select" ? shown.find(({ id }) => id === only) : undefined;
  const drawing = isDrawingTool(desk.tool);
  return (
    <g
      ref={layer}
      className={`editor editor-tool-${desk.tool}`}
      pointerEvents={desk.tool === "pan" ? "none" : undefined}
      {...listeners}
    >
      {/* Reaches over the image's edge: a box may begin outside and is cut there. */}
      <rect
        className="editor-ground"
        x={-image.width}
        y={-image.height}
        width={3 * image.width}
        height={3 * image.height}
      />
      <g pointerEvents={drawing ? "none" : undefined} visibility={desk.look.marks ? undefined : "hidden"}>
        <ShapeLayer
          shapes={shown}
          labels={labels}
          chosen={chosen}
          hidden={hidden}
          locked={locked}
          captions={desk.look.captions}
          scores={desk.look.scores}
          filled={desk.look.filled}
          ignored={ignored}
        />
      </g>
      {one !== undefined && desk.look.marks && !hidden.has(one.id) && !locked.has(one.id) && (
        <Handles shape={one} pixel={pixel} />
      )}
      <Sketched sketch={sketch} ring={ring} colour={inkOf(desk, labels)} image={image} radius={desk.radius} pixel={pixel} />
    </g>
  );
});

/** Takes the wheel from the stage below while it has a meaning of its own; with Ctrl it always zooms. */
function useWheel(layer: RefObject<SVGGElement | null>, onTurn: CanvasProps["onTurn"]): void {
  useEffect(() => {
    const element = layer.current;
    if (element === null || onTurn === null) return;
    const onWheel = (event: WheelEvent): void => {
      if (event.ctrlKey || event.metaKey || event.deltaY === 0) return;
      event.preventDefault();
      event.stopPropagation();
      onTurn(event.deltaY < 0 ? 1 : -1);
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [layer, onTurn]);
}

function inkOf({ tool, label }: Desk, labels: readonly string[]): string {
  return colourOf({ kind: tool === "ignore" ? "ignore" : "polygon", label }, labels);
}

interface SketchedProps {
  readonly sketch: Sketch;
  readonly ring: readonly Point[];
  readonly colour: string;
  readonly image: Size;
  readonly radius: number;
  readonly pixel: number;
}

/** What is not a shape yet: a box or a frame being pulled up, the points of a polygon, the brush. */
function Sketched({ sketch, ring, colour, image, radius, pixel }: SketchedProps): ReactNode {
  const { box, pointer, brush, path } = sketch;
  const open = ring.length > 0 && pointer !== null ? [...ring, pointer] : ring;
  const [first] = ring;
  const closes = ring.length > 2 && first !== undefined && pointer !== null && distance(first, pointer) < CLOSE_PX * pixel;
  return (
    <g className="editor-sketch" color={colour} pointerEvents="none">
      {box !== null && (
        <polygon className={box.kind === "frame" ? "editor-frame" : ""} points={written(boxCorners(boxBetween(box.from, box.to, image)))} />
      )}
      {path.length > 1 && <polyline className="editor-path" points={written(path)} />}
      {ring.length > 0 && <polyline points={written(open)} />}
      {ring.map(([x, y], place) => (
        <g key={place} transform={`translate(${x}, ${y})`}>
          <circle className={place === 0 && closes ? "editor-handle editor-close" : "editor-handle"} r={place === 0 ? 6 : 4} />
        </g>
      ))}
      {brush && pointer !== null && <circle className="editor-brush" cx={pointer[0]} cy={pointer[1]} r={radius} />}
    </g>
  );
}
