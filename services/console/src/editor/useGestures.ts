import { useRef, useState, type MouseEvent, type PointerEvent } from "react";
import type { Colours } from "../ui/theme";
import type { Desk } from "./desk";
import { distance, type Point } from "./geometry";
import type { EditedShape } from "./shapes";
import { TOOLS } from "./tools/table";
import type { Gesture, Paper, Pointer } from "./tools/tool";

export interface CanvasProps extends Paper {
  readonly colours: Colours;
  readonly desk: Desk;
  readonly ignored: string;
  /** The wheel turned up or down while it has a meaning of its own; null while it zooms. */
  readonly onTurn: ((steps: 1 | -1) => void) | null;
  /** Where the pointer is, for what is put there by key. */
  readonly onPointer: (at: Point) => void;
}

/** A press that moved no further than this was a click, in screen pixels. */
const CLICK_PX = 3;
const RIGHT = 2;

export interface Gestures {
  readonly gesture: Gesture | null;
  /** The shapes as they are while the pointer is down. */
  readonly shown: readonly EditedShape[];
  /** Where the pointer is, while something is drawn there. */
  readonly pointer: Point | null;
  readonly pixel: number;
  readonly listeners: {
    readonly onPointerDown: (event: PointerEvent<SVGGElement>) => void;
    readonly onPointerMove: (event: PointerEvent<SVGGElement>) => void;
    readonly onPointerUp: (event: PointerEvent<SVGGElement>) => void;
    readonly onPointerCancel: () => void;
    readonly onPointerLeave: () => void;
    readonly onContextMenu: (event: MouseEvent<SVGGElement>) => void;
    readonly onDoubleClick: (event: MouseEvent<SVGGElement>) => void;
  };
}

/** Hands what the pointer does on the canvas to the tool at work. */
export function useGestures(canvas: CanvasProps, place: (event: MouseEvent) => Pick<Pointer, "at" | "pixel">): Gestures {
  const tool = TOOLS[canvas.desk.tool];
  // Moves may come faster than they are drawn: each goes on from the last one, not from what is drawn of it.
  const going = useRef<Gesture | null>(null);
  const [gesture, draw] = useState<Gesture | null>(null);
  const [pointer, setPointer] = useState<Point | null>(null);
  const [pixel, setPixel] = useState(1);
  const [pressed, setPressed] = useState<Point | null>(null);

  const go = (next: Gesture | null): void => {
    going.current = next;
    draw(next);
  };
  const down = (event: PointerEvent<SVGGElement>): void => {
    // The other buttons shift the image, whatever the tool.
    const turned = event.button === RIGHT && tool.asks === true;
    if (event.button !== 0 && !turned) return;
    const at: Pointer = turned ? { ...pointerOf(event, place), how: "subtract" } : pointerOf(event, place);
    setPixel(at.pixel);
    const next = tool.press?.(at, canvas) ?? null;
    if (next === null) return setPressed([event.clientX, event.clientY]);
    // The stage below would shift the image with the same gesture.
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    go(next);
  };
  const move = (event: PointerEvent<SVGGElement>): void => {
    const to = pointerOf(event, place);
    canvas.onPointer(to.at);
    setPixel(to.pixel);
    if (canvas.ring.length > 0 || tool.hover !== undefined) setPointer(to.at);
    if (going.current === null) return;
    event.stopPropagation();
    if (going.current.move !== undefined) go(going.current.move(to, canvas));
  };
  const up = (event: PointerEvent<SVGGElement>): void => {
    const still = pressed !== null && distance(pressed, [event.clientX, event.clientY]) <= CLICK_PX;
    const ended = going.current;
    setPressed(null);
    go(null);
    if (ended !== null) ended.end?.(canvas, pixel);
    else if (still) tool.click?.(canvas);
  };
  const doubleClick = (event: MouseEvent<SVGGElement>): void => {
    const taken = tool.doubleClick?.(pointerOf(event, place), canvas) ?? false;
    if (taken || tool.draws) event.stopPropagation();
  };

  return {
    gesture,
    shown: gesture?.shapes?.(canvas) ?? canvas.shapes,
    pointer,
    pixel,
    listeners: {
      onPointerDown: down,
      onPointerMove: move,
      onPointerUp: up,
      onPointerCancel: () => go(null),
      onPointerLeave: () => setPointer(null),
      onContextMenu: (event) => {
        if (tool.asks === true) event.preventDefault();
      },
      onDoubleClick: doubleClick,
    },
  };
}

function pointerOf(event: MouseEvent, place: (event: MouseEvent) => Pick<Pointer, "at" | "pixel">): Pointer {
  const { altKey, shiftKey, ctrlKey, metaKey, target } = event;
  return {
    ...place(event),
    how: altKey ? "subtract" : shiftKey ? "add" : "new",
    shift: shiftKey,
    ctrl: ctrlKey || metaKey,
    target: target instanceof SVGElement ? target : null,
  };
}
