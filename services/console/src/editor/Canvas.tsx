import { memo, useEffect, useRef, type ReactNode, type RefObject } from "react";
import { ClickMarks } from "./ClickMarks";
import type { Point } from "./geometry";
import { Handles } from "./Handles";
import { HandLayer, StillLayer } from "./layers";
import { colourOf, ShapeLayer } from "./ShapeLayer";
import { OpenRing } from "./tools/rings";
import { TOOLS } from "./tools/table";
import type { Pointer } from "./tools/tool";
import { useGestures, type CanvasProps } from "./useGestures";

/** Shapes that can be chosen, moved, pulled and drawn, as layers of a stage. */
export const Canvas = memo(function Canvas(props: CanvasProps): ReactNode {
  const { image, colours, desk, chosen, hidden, locked, ignored, ring } = props;
  const still = useRef<SVGGElement>(null);
  const hand = useRef<SVGGElement>(null);
  const place = (event: { readonly clientX: number; readonly clientY: number }): Pick<Pointer, "at" | "pixel"> => {
    const matrix = hand.current?.getScreenCTM() ?? null;
    if (matrix === null || matrix.a === 0) return { at: [event.clientX, event.clientY], pixel: 1 };
    const at: Point = [(event.clientX - matrix.e) / matrix.a, (event.clientY - matrix.f) / matrix.d];
    return { at, pixel: 1 / matrix.a };
  };
  useWheel(still, props.onTurn);
  useWheel(hand, props.onTurn);
  const { gesture, shown, pointer, pixel, listeners } = useGestures(props, place);
  const tool = TOOLS[desk.tool];
  const [only] = chosen;
  const one = chosen.size === 1 && tool.handles === true ? shown.find(({ id }) => id === only) : undefined;
  return (
    <>
      <StillLayer>
        <g
          ref={still}
          className={`editor${tool.draws ? " editor-draws" : ""}${tool.hover === undefined ? "" : " editor-hovers"}`}
          pointerEvents={tool.press === undefined ? "none" : "auto"}
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
          <g pointerEvents={tool.draws ? "none" : undefined} visibility={desk.look.marks ? undefined : "hidden"}>
            <ShapeLayer
              shapes={shown}
              colours={colours}
              chosen={chosen}
              hidden={hidden}
              locked={locked}
              captions={desk.look.captions}
              scores={desk.look.scores}
              filled={desk.look.filled}
              ignored={ignored}
            />
          </g>
        </g>
      </StillLayer>
      <HandLayer>
        <g ref={hand} {...listeners}>
          {one !== undefined && desk.look.marks && !hidden.has(one.id) && !locked.has(one.id) && (
            <g pointerEvents="auto">
              <Handles shape={one} pixel={pixel} />
            </g>
          )}
          <g className="editor-sketch" color={colourOf({ kind: tool.ring ?? "polygon", label: desk.label }, colours)} pointerEvents="none">
            {gesture?.sketch?.(props)}
            <ClickMarks clicks={props.clicks} />
            <OpenRing ring={ring} pointer={pointer} pixel={pixel} />
            {pointer !== null && tool.hover?.(pointer, props)}
          </g>
        </g>
      </HandLayer>
    </>
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
