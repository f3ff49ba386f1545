import { useMemo, useState, type ReactNode } from "react";
import { added } from "./edits";
import type { Colours } from "../ui/theme";
import { bounds, type Box, type Size } from "./geometry";
import type { Action } from "./keys";
import type { Mark } from "./marks";
import { nextAfter, openProposals, walked } from "./proposals";
import { colourOf, nameOf } from "./ShapeLayer";
import { outlineOf, type Drawing, type EditedShape } from "./shapes";

/** What the page knows of proposals for this image. */
export interface Proposing {
  /** `off`: not asked for; `unserved`: no version of the project serves. */
  readonly is: "off" | "asking" | "unserved" | "failed" | "here";
  readonly error: unknown;
  /** The version that proposes. */
  readonly version: string;
  /** The surest first. */
  readonly found: readonly EditedShape[];
  /** The least score that is shown, and the least that can be. */
  readonly threshold: number;
  readonly least: number;
  readonly onThreshold: (threshold: number) => void;
  /** Images without annotations are proposed for without being asked. */
  readonly byItself: boolean;
  readonly onByItself: (on: boolean) => void;
  /** Ask, again where it failed; or let go of what is proposed. */
  readonly onAsk: () => void;
  readonly onDrop: () => void;
  /** What to do where no version serves. */
  readonly wayOut: ReactNode;
}

interface Asked {
  readonly proposing: Proposing | null;
  readonly drawing: Drawing;
  readonly image: Size;
  readonly change: (drawing: Drawing) => void;
  /** Bring it into sight. */
  readonly onReach: (around: Box) => void;
}

export interface Proposals {
  readonly open: readonly EditedShape[];
  /** The one that a key accepts or rejects. */
  readonly at: EditedShape | null;
  /** Whether the action was one of proposals. */
  readonly act: (action: Action) => boolean;
}

/** Actions that are of proposals alone. */
export const PROPOSAL_ACTIONS: ReadonlySet<Action> = new Set(["propose", "next proposal", "previous proposal", "accept all"]);

const NONE: readonly EditedShape[] = [];

/** Walks through what is proposed; nothing of it is in the drawing before a person accepts it. */
export function useProposals({ proposing, drawing, image, change, onReach }: Asked): Proposals {
  const [rejected, setRejected] = useState<ReadonlySet<string>>(new Set());
  const [atId, setAtId] = useState("");
  const found = proposing?.is === "here" ? proposing.found : NONE;
  const threshold = proposing?.threshold ?? 0;
  const { width, height } = image;
  const open = useMemo(
    () => openProposals(found, drawing, { threshold, rejected }, { width, height }),
    [found, drawing, threshold, rejected, width, height],
  );
  const at = open.find(({ id }) => id === atId) ?? open[0] ?? null;

  const reach = (next: EditedShape | null): void => {
    setAtId(next?.id ?? "");
    const around = next === null ? null : bounds(outlineOf(next));
    if (around !== null) onReach(around);
  };
  const accept = (shapes: readonly EditedShape[]): void => {
    if (shapes.length > 0) change(added(drawing, ...shapes));
  };
  const act = (action: Action): boolean => {
    if (proposing === null) return false;
    switch (action) {
      case "propose":
        if (proposing.is === "off") proposing.onAsk();
        else proposing.onDrop();
        return true;
      case "next proposal":
      case "previous proposal":
        reach(walked(open, at, action === "next proposal" ? 1 : -1));
        return true;
      case "accept all":
        accept(open);
        return true;
      case "finish":
      case "delete":
        if (at === null) return false;
        if (action === "finish") accept([at]);
        else setRejected(new Set([...rejected, at.id]));
        reach(nextAfter(open, at));
        return true;
      default:
        return false;
    }
  };
  return { open, at, act };
}

interface Shown {
  readonly colours: Colours;
  readonly scores: boolean;
  /** Keys mean the one that is at hand. */
  readonly idle: boolean;
  readonly ignored: string;
}

/** What is proposed as it is drawn: dashed, with label and score, the surest over the others and the one at hand on top. */
export function useMarks({ open, at }: Proposals, { colours, scores, idle, ignored }: Shown): readonly Mark[] {
  return useMemo(
    () =>
      [...open.filter((shape) => shape !== at).toReversed(), ...(at === null ? [] : [at])].map((shape): Mark => ({
        id: `proposal ${shape.id}`,
        outline: outlineOf(shape),
        mask: shape.rle,
        colour: colourOf(shape, colours),
        caption: nameOf(shape, ignored, scores),
        dashed: true,
        atHand: idle && shape === at,
      })),
    [open, at, colours, scores, idle, ignored],
  );
}
