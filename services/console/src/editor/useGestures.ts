import { useState, type MouseEvent, type PointerEvent } from "react";
import { newId } from "../api/ids";
import { isDrawingTool, type Desk } from "./desk";
import { boxBetween, distance, inside, nearestSide, type Handle, type Point, type Size } from "./geometry";
import { drawnBox, during, framed, stroked, type Gesture, type How } from "./gestures";
import { tracedRing } from "./reshaping";
import { boxShape, isRing, shapeOf, withNewVertex, withoutVertex, type EditedShape } from "./shapes";

export interface CanvasProps {
  readonly image: Size;
  readonly shapes: readonly EditedShape[];
  readonly labels: readonly string[];
  readonly desk: Desk;
  readonly chosen: ReadonlySet<string>;
  readonly hidden: ReadonlySet<string>;
  readonly locked: ReadonlySet<string>;
  readonly ignored: string;
  /** Points of the polygon that is being drawn. */
  readonly ring: readonly Point[];
  readonly onRing: (ring: readonly Point[]) => void;
  readonly onChoose: (ids: readonly string[], adds: boolean) => void;
  /** Called once a gesture, at its end. */
  readonly onChange: (shapes: readonly EditedShape[]) => void;
  /** A gesture has drawn a shape. */
  readonly onDrawn: (shape: EditedShape) => void;
  /** The wand was pressed there. */
  readonly onPress: (at: Point, how: How) => void;
  /** An outline was drawn by hand. */
  readonly onTrace: (ring: readonly Point[], how: How) => void;
  readonly onCut: (from: Point, to: Point) => void;
  /** The wheel turned up or down while it has a meaning of its own; null while it zooms. */
  readonly onTurn: ((steps: 1 | -1) => void) | null;
  /** Where the pointer is, for what is put there by key. */
  readonly onPointer: (at: Point) => void;
}

export interface Placed {
  readonly at: Point;
  /** Image pixels of a screen pixel. */
  readonly pixel: number;
}

export interface Sketch {
  readonly box: { readonly kind: "draw" | "frame"; readonly from: Point; readonly to: Point } | null;
  readonly pointer: Point | null;
  readonly brush: boolean;
  /** What the lasso or the cut has drawn so far. */
  readonly path: readonly Point[];
}

/** A click so near the first point closes the polygon, in screen pixels. */
export const CLOSE_PX = 10;
/** A press that moved no further than this was a click, in screen pixels. */
const CLICK_PX = 3;

/** A hand trembles by so much, in screen pixels. */
const TREMBLE_PX = 1.2;

function howOf({ altKey, shiftKey }: { readonly altKey: boolean; readonly shiftKey: boolean }): How {
  return altKey ? "subtract" : shiftKey ? "add" : "new";
}

export interface Gestures {
  /** The shapes as they are while the pointer is down. */
  readonly shown: readonly EditedShape[];
  readonly sketch: Sketch;
  readonly pixel: number;
  readonly listeners: {
    readonly onPointerDown: (event: PointerEvent<SVGGElement>) => void;
    readonly onPointerMove: (event: PointerEvent<SVGGElement>) => void;
    readonly onPointerUp: (event: PointerEvent<SVGGElement>) => void;
    readonly onPointerCancel: () => void;
    readonly onPointerLeave: () => void;
    readonly onDoubleClick: (event: MouseEvent<SVGGElement>) => void;
  };
}

/** What the pointer does on the canvas, tool by tool. */
export function useGestures(canvas: CanvasProps, place: (event: MouseEvent) => Placed): Gestures {
  const { image, shapes, desk, chosen, ring } = canvas;
  const [gesture, setGesture] = useState<Gesture | null>(null);
  const [pointer, setPointer] = useState<Point | null>(null);
  const [pixel, setPixel] = useState(1);
  const [pressed, setPressed] = useState<Point | null>(null);
  const shown = gesture === null ? shapes : during(shapes, gesture, image);
  const brush = desk.tool === "brush" || desk.tool === "eraser";

  const begin = (event: PointerEvent<SVGGElement>, next: Gesture): void => {
    // The stage below would shift the image with the same gesture.
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    setGesture(next);
  };

  const down = (event: PointerEvent<SVGGElement>): void => {
    // The other buttons shift the image, whatever the tool.
    if (event.button !== 0) return;
    const { at, pixel: now } = place(event);
    setPixel(now);
    if (desk.tool === "box" || desk.tool === "rotated_box") begin(event, { kind: "draw", from: at, to: at });
    else if (desk.tool === "polygon" || desk.tool === "ignore") clickRing(event, at, now);
    else if (desk.tool === "wand") {
      event.stopPropagation();
      canvas.onPress(at, howOf(event));
    } else if (desk.tool === "lasso") begin(event, { kind: "trace", path: [at], how: howOf(event) });
    else if (desk.tool === "cut") begin(event, { kind: "cut", from: at, to: at });
    else if (brush) paint(event, at);
    else grab(event, at);
  };

  const clickRing = (event: PointerEvent<SVGGElement>, at: Point, now: number): void => {
    event.stopPropagation();
    const [first] = ring;
    if (ring.length > 2 && first !== undefined && distance(first, at) < CLOSE_PX * now) finishRing(ring);
    else canvas.onRing([...ring, inside(at, image)]);
  };
  const finishRing = (points: readonly Point[]): void => {
    const kind = desk.tool === "ignore" ? "ignore" : "polygon";
    canvas.onRing([]);
    canvas.onDrawn(shapeOf(newId(), kind, { label: kind === "ignore" ? "" : desk.label, points }));
  };

  const paint = (event: PointerEvent<SVGGElement>, at: Point): void => {
    const wipes = desk.tool === "eraser";
    const under = shapes.findLast(({ id, kind }) => kind === "mask" && chosen.has(id) && !canvas.locked.has(id));
    if (under === undefined && wipes) return;
    const start = under ?? shapeOf(newId(), "mask", { label: desk.label });
    begin(event, { kind: "paint", shape: stroked(start, [at, at], { radius: desk.radius, wipes }, image), to: at });
  };

  /** Take what lies under the pointer: a handle, a shape, or the ground. */
  const grab = (event: PointerEvent<SVGGElement>, at: Point): void => {
    const { target } = event;
    if (!(target instanceof SVGElement)) return;
    const [only = ""] = chosen;
    const { handle, vertex, side, turn } = target.dataset;
    const one = shapes.find(({ id }) => id === only);
    if (handle !== undefined) begin(event, { kind: "pull", id: only, handle: handle as Handle, to: at });
    else if (turn !== undefined) begin(event, { kind: "turn", id: only, to: at, steps: event.shiftKey });
    else if (vertex !== undefined) begin(event, { kind: "vertex", id: only, place: Number(vertex), to: at });
    else if (side !== undefined && one !== undefined) {
      canvas.onChange(shapes.map((shape) => (shape === one ? withNewVertex(one, Number(side), at) : shape)));
      begin(event, { kind: "vertex", id: only, place: Number(side) + 1, to: at });
    } else grabShape(event, at, target.closest<SVGGElement>("[data-shape]")?.dataset["shape"]);
  };
  const grabShape = (event: PointerEvent<SVGGElement>, at: Point, id: string | undefined): void => {
    setPressed([event.clientX, event.clientY]);
    if (id === undefined) {
      if (event.shiftKey) begin(event, { kind: "frame", from: at, to: at, adds: event.ctrlKey || event.metaKey });
      return;
    }
    const adds = event.shiftKey || event.ctrlKey || event.metaKey;
    const together = chosen.has(id) || adds ? [...chosen, id] : [id];
    const ids = new Set(together.filter((one) => !canvas.locked.has(one)));
    canvas.onChoose([id], adds);
    begin(event, { kind: "move", ids, from: at, to: at });
  };

  const move = (event: PointerEvent<SVGGElement>): void => {
    const { at, pixel: now } = place(event);
    canvas.onPointer(at);
    setPixel(now);
    if (ring.length > 0 || brush) setPointer(at);
    if (gesture === null) return;
    event.stopPropagation();
    if (gesture.kind === "paint") {
      const wipes = desk.tool === "eraser";
      setGesture({ ...gesture, shape: stroked(gesture.shape, [gesture.to, at], { radius: desk.radius, wipes }, image), to: at });
    } else if (gesture.kind === "trace") {
      const last = gesture.path.at(-1);
      if (last === undefined || distance(last, at) >= now) setGesture({ ...gesture, path: [...gesture.path, at] });
    } else if (gesture.kind === "turn") setGesture({ ...gesture, to: at, steps: event.shiftKey });
    else setGesture({ ...gesture, to: at });
  };

  const up = (event: PointerEvent<SVGGElement>): void => {
    const still = pressed !== null && distance(pressed, [event.clientX, event.clientY]) <= CLICK_PX;
    setPressed(null);
    if (gesture === null) {
      // A click on the ground lets go of everything; a drag there has shifted the image.
      if (desk.tool === "select" && still) canvas.onChoose([], false);
      return;
    }
    setGesture(null);
    end(gesture);
  };
  const end = (done: Gesture): void => {
    if (done.kind === "draw") {
      const box = drawnBox(done.from, done.to, image);
      if (box !== null) canvas.onDrawn(boxShape(newId(), desk.tool === "rotated_box" ? "rotated_box" : "box", desk.label, box));
    } else if (done.kind === "frame") {
      const seen = shapes.filter(({ id }) => !canvas.hidden.has(id) && !canvas.locked.has(id));
      canvas.onChoose(framed(seen, boxBetween(done.from, done.to, image)), done.adds);
    } else if (done.kind === "paint") endStroke(done.shape);
    else if (done.kind === "trace") {
      const ring = tracedRing(done.path, TREMBLE_PX * pixel, image);
      if (ring !== null) canvas.onTrace(ring, done.how);
    } else if (done.kind === "cut") canvas.onCut(done.from, done.to);
    else if (shown.some((shape, index) => shape !== shapes[index])) canvas.onChange(shown);
  };
  const endStroke = (shape: EditedShape): void => {
    const known = shapes.some(({ id }) => id === shape.id);
    if (shape.rle === null) canvas.onChange(shapes.filter(({ id }) => id !== shape.id));
    else if (known) canvas.onChange(shown);
    else canvas.onDrawn(shape);
  };

  const doubleClick = (event: MouseEvent<SVGGElement>): void => {
    if (isDrawingTool(desk.tool)) {
      event.stopPropagation();
      // The second press of the double click has set a point on the last one.
      if (ring.length > 3) finishRing(ring.slice(0, -1));
      return;
    }
    const { target } = event;
    if (!(target instanceof SVGElement)) return;
    const { vertex } = target.dataset;
    const onShape = vertex !== undefined || target.closest("[data-shape]") !== null;
    // On the ground a double click fits the image, as everywhere.
    if (onShape) event.stopPropagation();
    const [only = ""] = chosen;
    const one = shapes.find(({ id }) => id === only);
    if (onShape && one !== undefined && isRing(one)) {
      const { at } = place(event);
      const after = vertex === undefined ? withNewVertex(one, nearestSide(one.points, at), at) : withoutVertex(one, Number(vertex));
      canvas.onChange(shapes.map((shape) => (shape === one ? after : shape)));
    }
  };

  return {
    shown,
    sketch: {
      box: gesture?.kind === "draw" || gesture?.kind === "frame" ? gesture : null,
      pointer,
      brush,
      path: gesture?.kind === "trace" ? gesture.path : gesture?.kind === "cut" ? [gesture.from, gesture.to] : [],
    },
    pixel,
    listeners: {
      onPointerDown: down,
      onPointerMove: move,
      onPointerUp: up,
      onPointerCancel: () => setGesture(null),
      onPointerLeave: () => setPointer(null),
      onDoubleClick: doubleClick,
    },
  };
}
