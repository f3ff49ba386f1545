import { useEffect, useEffectEvent, useMemo, useRef, useState, type RefObject } from "react";
import type { ShapeKind } from "../api/annotation";
import { newId } from "../api/ids";
import type { Desk } from "./desk";
import { replaced } from "./edits";
import type { Point, Size } from "./geometry";
import type { Columns } from "./masks";
import { clicked, pointedOf, pointedOut, unclicked, type Click, type Outlining, type Pointed, type Pointing } from "./pointing";
import { areaOfShape, makesOf, simplifiedShape } from "./reshaping";
import type { Drawing, EditedShape } from "./shapes";
import { TOOLS } from "./tools/table";
import type { How } from "./tools/tool";
import { Wand } from "./wand";
import { areaSoFar, losesHoles, previewed, type Wanding } from "./wandPreview";

interface Simplifying {
  readonly kind: "simplify";
  readonly ids: ReadonlySet<string>;
}

type Pending = Wanding | Simplifying | Pointing;

interface Asked {
  readonly image: Size;
  /** The picture at its own resolution, once it is here. */
  readonly picture: string | null;
  /** The picture cannot be had. */
  readonly unreadable: boolean;
  readonly kinds: readonly ShapeKind[];
  readonly desk: Desk;
  readonly onDesk: (desk: Desk) => void;
  readonly drawing: Drawing;
  readonly change: (drawing: Drawing) => void;
  /** Shapes were made that were not there before. */
  readonly onMade: (shapes: readonly EditedShape[]) => void;
  readonly onFailed: () => void;
  readonly outline: Outlining;
  /** The platform has no answer to a click. */
  readonly onRefused: (error: unknown) => void;
  /** A polygon has no holes: those of what was found are filled. */
  readonly onFilled: () => void;
}

/** A change that is looked at before it is made. */
export interface Trial {
  /** The drawing as it would be. */
  readonly shown: Drawing;
  readonly kind: Pending["kind"] | null;
  /** The worker has not answered yet. */
  readonly searching: boolean;
  readonly press: (at: Point, how: How, target: EditedShape | null) => void;
  /** What was clicked on an object and around it. */
  readonly clicks: readonly Click[];
  readonly point: (at: Point, inside: boolean) => void;
  /** What the clicks shall give. */
  readonly give: (kind: Pointed) => void;
  readonly simplify: (ids: ReadonlySet<string>) => void;
  /** The tolerance, or of a preview of simplifying how far the outline may lie off. */
  readonly set: (value: number) => void;
  readonly wider: (steps: number) => void;
  readonly make: () => void;
  /** Take back the last click, or all that is looked at. */
  readonly back: () => void;
  readonly drop: () => void;
}

const NOTHING: Columns = new Map();
const NO_CLICKS: readonly Click[] = [];
/** Polygons that one use of the wand may leave. */
const MOST_PARTS = 50;
/** How far a colour (ΔE) or an outline (pixels) may go, for slider, wheel and keys alike. */
export const LIMITS = {
  wand: { min: 0, max: 100, step: 1 },
  simplify: { min: 0.5, max: 50, step: 0.5 },
} as const;

/** What the wand and the simplifying show before they change anything. */
export function useTrial(asked: Asked): Trial {
  const { image, kinds, desk, onDesk, drawing, change, onMade } = asked;
  const [pending, setPending] = useState<Pending | null>(null);
  const as = makesOf(desk.makes, kinds);
  const { label, slack } = desk;

  const shown = useMemo(() => {
    if (pending === null) return drawing;
    if (pending.kind === "wand") return previewed(drawing, pending, { as, label }, image);
    if (pending.kind === "point") return pointedOut(drawing, pending, label);
    const chosen = drawing.shapes.filter(({ id }) => pending.ids.has(id));
    return replaced(drawing, chosen.map((shape) => simplifiedShape(shape, slack)));
  }, [pending, drawing, as, label, slack, image]);

  const make = (): void => {
    if (pending === null) return;
    setPending(null);
    if (shown.shapes.every((shape, place) => shape === drawing.shapes[place]) && shown.shapes.length === drawing.shapes.length) return;
    change(shown);
    const before = new Set(drawing.shapes.map(({ id }) => id));
    onMade(shown.shapes.filter(({ id }) => !before.has(id)));
  };
  useLastly(make);
  const find = (by: Wand | null, wanding: Wanding, tolerance: number): void => {
    const { seed } = wanding;
    by?.find(seed, tolerance).then(
      (piece) => {
        if (piece === null) return;
        setPending((now) => (now?.kind === "wand" && now.seed === seed ? { ...now, piece } : now));
        // Said once a click, not at each turn of the wheel.
        if (wanding.piece === null && losesHoles(drawing, { ...wanding, piece }, as)) asked.onFilled();
      },
      () => {
        setPending(null);
        asked.onFailed();
      },
    );
  };
  const wand = useWorker(asked, (ready) => {
    // A click that came before the picture did.
    if (pending?.kind === "wand" && pending.piece === null) find(ready, pending, desk.tolerance);
  });
  const waits = pending?.kind === "wand" && pending.piece === null;
  useUnreadable(asked.unreadable && waits, () => {
    setPending(null);
    asked.onFailed();
  });
  const press = (at: Point, how: How, target: EditedShape | null): void => {
    const going = pending?.kind === "wand" ? pending : null;
    if (how === "new") make();
    const goesOn = how !== "new" && going !== null;
    if (how === "subtract" && going === null && target === null) return;
    const into = how === "new" || going !== null ? null : target;
    const base = goesOn ? areaSoFar(drawing, going, as) : into === null ? NOTHING : areaOfShape(into, image);
    const ids = goesOn ? going.ids : Array.from({ length: MOST_PARTS }, newId);
    const seed: Point = [at[0], at[1]];
    const id = goesOn ? going.target : (into?.id ?? null);
    const next: Wanding = { kind: "wand", target: id, base, goesOn, how: how === "subtract" ? how : "add", seed, piece: null, ids };
    setPending(next);
    find(wand.current, next, desk.tolerance);
  };
  // Nobody is told of a click that was dropped, or whose image was left.
  const clicksNow = useLatest(pending?.kind === "point" ? pending.clicks : null);
  const ask = (next: Pointing, before: Pointing | null, kind: Pointed): void => {
    const { clicks } = next;
    const still = (now: Pending | null): now is Pointing => now?.kind === "point" && now.clicks === clicks;
    setPending(next);
    asked.outline(clicks, pointedOf(kind, kinds), next.id).then(
      (shape) => setPending((now) => (still(now) ? { ...now, shape, waits: false } : now)),
      (error: unknown) => {
        setPending((now) => (still(now) ? answered(before) : now));
        if (clicksNow.current === clicks) asked.onRefused(error);
      },
    );
  };
  const point = (at: Point, inside: boolean): void => {
    const going = pending?.kind === "point" ? pending : null;
    const next = clicked(going, at, inside, image, newId());
    if (next === null) return;
    if (going === null) make();
    ask(next, going, desk.pointed);
  };
  const back = (): void => {
    const before = pending?.kind === "point" ? unclicked(pending) : null;
    if (before === null || pending?.kind !== "point") return setPending(null);
    ask(before, pending, desk.pointed);
  };
  const set = (value: number): void => {
    if (pending?.kind === "point") return;
    const { min, max } = LIMITS[pending?.kind ?? "wand"];
    const within = Math.min(max, Math.max(min, value));
    if (pending?.kind === "simplify") return onDesk({ ...desk, slack: within });
    onDesk({ ...desk, tolerance: within });
    if (pending !== null) find(wand.current, pending, within);
  };
  const wider = (steps: number): void => {
    const { step } = LIMITS[pending?.kind === "simplify" ? "simplify" : "wand"];
    set((pending?.kind === "simplify" ? slack : desk.tolerance) + steps * step);
  };
  return {
    shown,
    kind: pending?.kind ?? null,
    searching: waits || (pending?.kind === "point" && pending.waits),
    press,
    clicks: pending?.kind === "point" ? pending.clicks : NO_CLICKS,
    point,
    give: (kind) => {
      onDesk({ ...desk, pointed: kind });
      if (pending?.kind === "point") ask({ ...pending, clicks: [...pending.clicks], waits: true }, pending, kind);
    },
    simplify: (ids) => {
      make();
      setPending({ kind: "simplify", ids });
    },
    set,
    wider,
    make,
    back,
    drop: () => setPending(null),
  };
}

/** What was there before a click that got no answer: its own answer, where that had come. */
function answered(before: Pointing | null): Pointing | null {
  return before?.shape == null ? null : { ...before, waits: false };
}

/** A wand for the picture while it is at hand. */
function useWorker({ image, picture, desk }: Asked, onReady: (wand: Wand) => void) {
  const wand = useRef<Wand | null>(null);
  const ready = useEffectEvent(onReady);
  const { width, height } = image;
  const { tunes } = TOOLS[desk.tool];
  const wanted = tunes === "tolerance";
  useEffect(() => {
    if (!wanted || picture === null) return;
    const mine = new Wand(picture, { width, height });
    wand.current = mine;
    ready(mine);
    return () => {
      mine.close();
      wand.current = null;
    };
  }, [wanted, picture, width, height]);
  return wand;
}

/** Tells once that a click waits for a picture that cannot be had. */
function useUnreadable(waitsInVain: boolean, tell: () => void): void {
  const latest = useEffectEvent(tell);
  useEffect(() => {
    if (waitsInVain) latest();
  }, [waitsInVain]);
}

/** What is on the screen; null once that is gone. */
function useLatest<T>(value: T | null): RefObject<T | null> {
  const latest = useRef<T | null>(null);
  useEffect(() => {
    latest.current = value;
    return () => {
      latest.current = null;
    };
  }, [value]);
  return latest;
}

/** What is looked at when the image is left is made: it was on the screen. */
function useLastly(make: () => void): void {
  const latest = useEffectEvent(make);
  useEffect(() => () => latest(), []);
}
