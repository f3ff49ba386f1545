import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { ShapeKind } from "../api/annotation";
import { newId } from "../api/ids";
import { nextChannel, showing, type Desk, type Look } from "./desk";
import { added, classified, copies, nudged, relabelled, removed, reordered, withShapes, worded } from "./edits";
import { bounds, centre, minus, type Point, type Size } from "./geometry";
import { useKeymap } from "./keymap";
import { commandOf, type Action, type Command } from "./keys";
import type { Outlining } from "./pointing";
import { isArea, isRing, outlineOf, shapeOf, type Drawing, type EditedShape } from "./shapes";
import { TOOLS, toolsFor, type ToolName } from "./tools/table";
import type { How, Paper } from "./tools/tool";
import { useReshaping, type Told } from "./useReshaping";
import { useTrial, type Trial } from "./useTrial";

/** A drawing with its steps, wherever it is kept. */
export interface Steps {
  readonly drawing: Drawing;
  readonly mayUndo: boolean;
  readonly mayRedo: boolean;
  readonly change: (drawing: Drawing) => void;
  readonly undo: () => void;
  readonly redo: () => void;
}

export interface Asked {
  readonly image: Size;
  readonly kinds: readonly ShapeKind[];
  /** Which label a key chooses. */
  readonly hotkeys: ReadonlyMap<string, string>;
  readonly steps: Steps;
  readonly desk: Desk;
  readonly onDesk: (desk: Desk) => void;
  /** Actions that are none of the drawing's: pages, zoom, fields, dialogs. */
  readonly onAction: (action: Action) => void;
  /** What an action means while nothing is chosen and nothing under way; whether it means anything. */
  readonly onIdle: (action: Action) => boolean;
  /** The picture at its own resolution, once it is here. */
  readonly picture: string | null;
  /** The picture cannot be had. */
  readonly unreadable: boolean;
  /** What the platform makes of clicks on the image. */
  readonly outline: Outlining;
  readonly onRefused: (error: unknown) => void;
  readonly onTold: (what: Told) => void;
}

export interface Editing {
  readonly trial: Trial;
  /** What the tool at work draws on. */
  readonly paper: Paper;
  readonly tools: readonly ToolName[];
  /** The tool at work: none draws without a label, and the space bar lends the hand. */
  readonly tool: ToolName;
  readonly chosen: ReadonlySet<string>;
  readonly hidden: ReadonlySet<string>;
  readonly locked: ReadonlySet<string>;
  /** Nothing is chosen, and nothing under way. */
  readonly idle: boolean;
  readonly perform: (command: Command) => void;
  readonly choose: (ids: readonly string[], adds: boolean) => void;
  readonly setPointer: (at: Point) => void;
  readonly label: (name: string) => void;
  readonly word: (id: string, text: string) => void;
  readonly toggle: (which: "hidden" | "locked", ids: readonly string[]) => void;
  readonly look: (change: Partial<Look>) => void;
}

/** Copies lie so far from what they were copied from that both are seen. */
const PASTE_SHIFT: Point = [12, 12];
const NONE: ReadonlySet<string> = new Set();

/** A drawing under work: every change is a step that can be taken back, and the keyboard reaches everything. */
export function useEditing(asked: Asked): Editing {
  const { image, kinds, hotkeys, steps, desk, onDesk, onAction } = asked;
  const { drawing, change } = steps;
  const [picked, setPicked] = useState(NONE);
  const [hidden, setHidden] = useState(NONE);
  const [locked, setLocked] = useState(NONE);
  const [ring, setRing] = useState<readonly Point[]>([]);
  const pointer = useRef<Point | null>(null);
  const panning = useHeld(" ");
  const tools = useMemo(() => toolsFor(kinds), [kinds]);
  const whole = kinds.includes("image");

  const chosen = useMemo(() => kept(picked, drawing), [picked, drawing]);
  const ids = new Set([...chosen].filter((id) => !locked.has(id)));
  const atHand = TOOLS[desk.tool];
  const known = tools.includes(desk.tool) && (atHand.labelled !== true || desk.label !== "");
  const tool = panning ? "pan" : known ? desk.tool : "select";

  const take = (next: ToolName): void => {
    if (!tools.includes(next)) return;
    trial.make();
    setRing([]);
    const { draws, labelled } = TOOLS[next];
    onDesk({ ...(draws ? showing(desk) : desk), tool: next });
    if (labelled === true && desk.label === "") onAction("labels");
  };
  const choose = useCallback((wanted: readonly string[], adds: boolean): void => {
    setPicked((now) => {
      if (!adds) return new Set(wanted);
      const [first = ""] = wanted;
      if (wanted.length === 1 && now.has(first)) return new Set([...now].filter((id) => id !== first));
      return new Set([...now, ...wanted]);
    });
  }, []);
  const drawn = (shape: EditedShape): void => {
    change(added(drawing, shape));
    onDesk({ ...showing(desk), last: shape });
    choose([shape.id], false);
    if (kinds.includes("box") && shape.kind !== "ignore") onAction("text");
  };
  const made = (shapes: readonly EditedShape[]): void => {
    const [first] = shapes;
    if (first === undefined) return;
    onDesk({ ...showing(desk), last: first });
    choose(shapes.map(({ id }) => id), false);
    if (first.kind !== "mask") onAction("text");
  };
  const free = drawing.shapes.filter(({ id }) => !locked.has(id));
  const loose = free.filter(({ id }) => ids.has(id));
  const trial = useTrial({
    ...asked,
    drawing,
    change,
    onMade: made,
    onFailed: () => asked.onTold("noPicture"),
    onFilled: () => asked.onTold("filled"),
  });
  const show = (): void => {
    if (desk.look.original) onDesk(showing(desk));
  };
  const reshaping = useReshaping({
    ...asked,
    drawing,
    change: (next) => {
      show();
      change(next);
    },
    chosen: loose,
    seen: free.filter(({ id }) => !hidden.has(id)),
    choose: (wanted) => choose(wanted, false),
    drawn,
  });
  const press = (at: Point, how: How): void => {
    const target = loose.findLast(isArea) ?? null;
    show();
    trial.press(at, how, target);
    if (how === "new") choose([], false);
  };
  const point = (at: Point, inside: boolean): void => {
    show();
    trial.point(at, inside);
    if (inside && trial.kind !== "point") choose([], false);
  };
  const wider = (by: 1 | -1): void => {
    if (trial.kind !== null || atHand.tunes === "tolerance") trial.wider(by);
    else if (atHand.tunes === "radius") onDesk({ ...desk, radius: Math.min(100, Math.max(1, desk.radius + by)) });
  };
  const label = (name: string): void => {
    onDesk({ ...desk, label: name });
    if (whole) change(classified(drawing, shapeOf(newId(), "image", { label: name })));
    else if (ids.size > 0) change(relabelled(drawing, ids, name));
  };
  const lay = (shapes: readonly EditedShape[], by: Point): readonly EditedShape[] => {
    const laid = copies(shapes, { by, image, newId });
    if (laid.length === 0) return [];
    change(added(drawing, ...laid));
    choose(laid.map(({ id }) => id), false);
    return laid;
  };
  const paper: Paper = {
    image,
    shapes: trial.shown.shapes,
    desk,
    chosen,
    hidden,
    locked,
    ring: TOOLS[tool].draws || panning ? ring : [],
    onRing: (points) => {
      if (points.length > ring.length) show();
      setRing(points);
    },
    onChoose: choose,
    onChange: (shapes) => {
      trial.drop();
      show();
      change(withShapes(drawing, shapes));
    },
    onDrawn: drawn,
    onPress: press,
    clicks: trial.clicks,
    onPoint: point,
    onTrace: reshaping.trace,
    onCut: reshaping.cut,
  };
  const idle = chosen.size === 0 && paper.ring.length === 0 && trial.kind === null;
  const repeat = (): void => {
    const { last } = desk;
    const around = last === null ? null : bounds(outlineOf(last));
    if (last === null || around === null) return;
    const at = pointer.current;
    const by = at === null ? PASTE_SHIFT : minus(at, centre(around));
    lay([last.kind === "ignore" ? last : { ...last, label: desk.label, text: null }], by);
  };
  const walk = (by: 1 | -1): void => {
    const seen = drawing.shapes.filter(({ id }) => !hidden.has(id));
    const [only] = chosen;
    const at = seen.findIndex(({ id }) => id === only);
    const next = at < 0 ? (by === 1 ? seen[0] : seen.at(-1)) : seen[(at + by + seen.length) % seen.length];
    if (next !== undefined) choose([next.id], false);
  };
  const toggle = useCallback((which: "hidden" | "locked", names: readonly string[]): void => {
    (which === "hidden" ? setHidden : setLocked)((now) => toggled(now, names));
  }, []);
  const look = (part: Partial<Look>): void => onDesk({ ...desk, look: { ...desk.look, ...part } });

  const perform = (command: Command): void => {
    if (command.do === "nudge") {
      if (ids.size > 0) {
        // What the wand has found lies where it is in the picture: it is made before it is shifted.
        const found = trial.kind === "wand" || trial.kind === "point";
        if (found) trial.make();
        change(nudged(found ? trial.shown : drawing, ids, command.by, image));
      } else if (command.by[1] === 0) {
        trial.make();
        onAction(command.by[0] > 0 ? "next" : "previous");
      }
    } else if (command.do === "label") {
      const name = hotkeys.get(command.key);
      if (name !== undefined) label(name);
    } else if (!tried(command.do) && !(idle && asked.onIdle(command.do))) act(command.do);
  };
  /** What an action means for a change that is only looked at; whether it is done with that. */
  const tried = (action: Action): boolean => {
    if (trial.kind === null) return false;
    // There is nothing to make yet; what was clicked is not dropped for that.
    if (action === "finish" && trial.searching) return true;
    if (MAKING.has(action)) trial.make();
    if (action === "undo") trial.back();
    else if (DROPPING.has(action)) trial.drop();
    return action === "finish" || DROPPING.has(action);
  };
  const act = (action: Action): void => {
    const all = drawing.shapes.map(({ id }) => id);
    switch (action) {
      case "undo":
        return ring.length > 0 ? setRing(ring.slice(0, -1)) : steps.undo();
      case "redo":
        return steps.redo();
      case "delete":
        return ring.length > 0 ? setRing(ring.slice(0, -1)) : change(removed(drawing, ids));
      case "copy":
        return ids.size === 0 ? undefined : onDesk({ ...desk, copied: drawing.shapes.filter(({ id }) => ids.has(id)) });
      case "paste": {
        const here = desk.copied.some(({ id }) => all.includes(id));
        const laid = lay(desk.copied, here ? PASTE_SHIFT : [0, 0]);
        return laid.length > 0 ? onDesk({ ...desk, copied: laid }) : undefined;
      }
      case "repeat":
        return repeat();
      case "all":
        return choose(all.filter((id) => !hidden.has(id)), false);
      case "next proposal":
      case "previous proposal":
        choose([], false);
        return onAction(action);
      case "next shape":
        return walk(1);
      case "previous shape":
        return walk(-1);
      case "finish":
        return atHand.finish?.(paper);
      case "join":
        return reshaping.join();
      case "fill holes":
        return kinds.includes("mask") ? reshaping.fillHoles() : undefined;
      case "simplify":
        return loose.some(isRing) ? trial.simplify(ids) : asked.onTold("chooseOutline");
      case "wider":
      case "narrower":
        return wider(action === "wider" ? 1 : -1);
      case "leave":
        if (ring.length > 0) return setRing([]);
        return chosen.size > 0 ? choose([], false) : take("select");
      case "front":
      case "back":
        return change(reordered(drawing, ids, action));
      case "hide":
        return toggle("hidden", chosen.size > 0 ? [...chosen] : [...hidden]);
      case "lock":
        return toggle("locked", chosen.size > 0 ? [...chosen] : [...locked]);
      case "nothing":
        // An image without a label is not labelled: there is no image of nothing.
        return whole || drawing.shapes.length > 0 ? undefined : change({ shapes: [], nothing: !drawing.nothing });
      case "marks":
        return look({ marks: !desk.look.marks });
      case "captions":
        return look({ captions: !desk.look.captions });
      case "outlines":
        return look({ filled: !desk.look.filled });
      case "scores":
      case "original":
      case "tiles":
        return look({ [action]: !desk.look[action] });
      case "channel":
        return look({ channel: nextChannel(desk.look.channel) });
      default:
        return action.startsWith("tool ") ? take(action.slice(5) as ToolName) : onAction(action);
    }
  };
  useKeys(perform);
  return {
    trial,
    paper,
    tools,
    tool,
    chosen,
    hidden,
    locked,
    idle,
    perform,
    choose,
    setPointer: (at) => {
      pointer.current = at;
    },
    label,
    word: (id, text) => change(worded(drawing, id, text)),
    toggle,
    look,
  };
}

/** What goes on from a change that is only looked at makes it first; what takes back takes it back. */
const MAKING: ReadonlySet<Action> = new Set(["finish", "next", "previous", "next unlabelled", "next unsure", "save", "submit", "accept", "send back", "join", "fill holes"]);
const DROPPING: ReadonlySet<Action> = new Set(["leave", "undo", "delete"]);

/** What was chosen and is still there: a step taken back may have taken it away. */
function kept(picked: ReadonlySet<string>, { shapes }: Drawing): ReadonlySet<string> {
  return new Set(shapes.flatMap(({ id }) => (picked.has(id) ? [id] : [])));
}

function toggled(now: ReadonlySet<string>, names: readonly string[]): ReadonlySet<string> {
  const on = names.some((name) => !now.has(name));
  const next = new Set(now);
  for (const name of names) {
    if (on) next.add(name);
    else next.delete(name);
  }
  return next;
}

function useKeys(perform: (command: Command) => void): void {
  const { actions } = useKeymap();
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const command = commandOf(event, actions);
      if (command === null) return;
      event.preventDefault();
      perform(command);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}

/** Whether a key is down, unless it is typed into a field or presses a button. */
function useHeld(key: string): boolean {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    const onDown = (event: KeyboardEvent): void => {
      const { target } = event;
      const taken = target instanceof Element && target.closest("input, textarea, button, a, [role]:not(.stage)") !== null;
      if (event.key !== key || taken) return;
      event.preventDefault();
      setHeld(true);
    };
    const onUp = (event: KeyboardEvent): void => {
      if (event.key === key) setHeld(false);
    };
    const onBlur = (): void => setHeld(false);
    window.addEventListener("keydown", onDown);
    window.addEventListener("keyup", onUp);
    window.addEventListener("blur", onBlur);
    return () => {
      window.removeEventListener("keydown", onDown);
      window.removeEventListener("keyup", onUp);
      window.removeEventListener("blur", onBlur);
    };
  }, [key]);
  return held;
}
