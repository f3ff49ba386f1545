import { useEffect, useRef, useState, type RefObject } from "react";
import type { Point, Size } from "./geometry";
import { fit, zoomAt, type View } from "./viewport";

const WHEEL_STEP = 1.0015;
/** After so long without a move the picture rests. */
const REST_MS = 120;
/** So much larger or smaller may be shown what was painted, until the picture rests: lines get thick, or their layer huge. */
const MOST_GROWN = 4;
const MOST_SHRUNK = 1 / 2;

/** When the wheel zooms; at other times it scrolls the page, as everywhere else. */
export type WheelRule = "always" | "after-click";

export interface ShownView {
  readonly holder: RefObject<HTMLDivElement | null>;
  readonly stage: Size;
  readonly view: View;
  /** The view that lines are painted for. */
  readonly still: View;
  /** Show this part of the image; null fits the whole. */
  readonly show: (view: View | null) => void;
  /** Zoom about the middle of the stage. */
  readonly zoom: (factor: number) => void;
}

/** Which part of an image a stage shows, and the wheel that changes it. */
export function useView(image: Size, wheel: WheelRule): ShownView {
  const holder = useRef<HTMLDivElement>(null);
  const [stage, setStage] = useState<Size>({ width: 0, height: 0 });
  const [chosen, setChosen] = useState<View | null>(null);
  const view = chosen ?? fit(image, stage);
  const smallest = fit(image, stage).scale / 2;

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const observer = new ResizeObserver(() =>
      setStage({ width: element.clientWidth, height: element.clientHeight }),
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    // React's own wheel listener is passive and could not keep the page from scrolling.
    const onWheel = (event: WheelEvent): void => {
      // A page of many stages must be scrolled past them: a stage takes the wheel once it was chosen.
      const chosenOne = element.contains(document.activeElement);
      if (wheel === "after-click" && !event.ctrlKey && !event.metaKey && !chosenOne) return;
      event.preventDefault();
      const bounds = element.getBoundingClientRect();
      const at: Point = [event.clientX - bounds.left, event.clientY - bounds.top];
      setChosen((before) => zoomAt(before ?? fit(image, stage), at, WHEEL_STEP ** -event.deltaY, smallest));
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, [image, stage, wheel, smallest]);

  const zoom = (factor: number): void =>
    setChosen(zoomAt(view, [stage.width / 2, stage.height / 2], factor, smallest));
  return { holder, stage, view, still: useStill(view), show: setChosen, zoom };
}

/** The view at which the picture rested last, or the one shown where that is too far from it. */
function useStill(view: View): View {
  const [still, setStill] = useState(view);
  const { scale, x, y } = view;
  const grown = scale / still.scale;
  const near = grown >= MOST_SHRUNK && grown <= MOST_GROWN;
  const same = scale === still.scale && x === still.x && y === still.y;
  if (!near && !same) setStill(view);
  useEffect(() => {
    if (same) return;
    const rest = setTimeout(() => setStill({ scale, x, y }), REST_MS);
    return () => clearTimeout(rest);
  }, [same, scale, x, y]);
  return still;
}
