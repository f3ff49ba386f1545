import type { ReactNode } from "react";
import type { ShapeKind } from "../../api/annotation";
import type { Point, Size } from "../geometry";
import type { Click } from "../pointing";
import type { EditedShape } from "../shapes";

/** Whether what is drawn begins anew, is added to what is chosen, or taken away from it. */
export type How = "new" | "add" | "subtract";

/** Where the pointer is, in image pixels, and what is held with it. */
export interface Pointer {
  readonly at: Point;
  /** Image pixels of a screen pixel. */
  readonly pixel: number;
  readonly how: How;
  readonly shift: boolean;
  readonly ctrl: boolean;
  /** What was hit; none while it does not matter. */
  readonly target: SVGElement | null;
}

/** The drawing under the pointer, and what a tool may do to it. */
export interface Paper {
  readonly image: Size;
  readonly shapes: readonly EditedShape[];
  readonly desk: { readonly label: string; readonly radius: number };
  readonly chosen: ReadonlySet<string>;
  readonly hidden: ReadonlySet<string>;
  readonly locked: ReadonlySet<string>;
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
  /** Clicks that the platform has answered, or will. */
  readonly clicks: readonly Click[];
  /** The platform is asked what is there: an object is, or what is no part of it. */
  readonly onPoint: (at: Point, inside: boolean) => void;
  /** An outline was drawn by hand. */
  readonly onTrace: (ring: readonly Point[], how: How) => void;
  readonly onCut: (from: Point, to: Point) => void;
}

/** What goes on from a press of the pointer to its release; nothing more where the press itself did it all. */
export interface Gesture {
  readonly move?: (to: Pointer, paper: Paper) => Gesture;
  /** The shapes as they would be if it ended now. */
  readonly shapes?: (paper: Paper) => readonly EditedShape[];
  /** What is no shape yet, in image pixels. */
  readonly sketch?: (paper: Paper) => ReactNode;
  readonly end?: (paper: Paper, pixel: number) => void;
}

/** One tool of the editor, whole: a file, and a line in the table. Its name is the table's, its text `tool <name>`. */
export interface Tool {
  readonly key: string;
  readonly icon: ReactNode;
  /** Offered where the task may hold one of these, and what may come of it; everywhere without. */
  readonly kinds?: readonly ShapeKind[];
  /** It works through the shapes instead of taking hold of them. */
  readonly draws: boolean;
  /** What it draws carries the label at hand. */
  readonly labelled?: boolean;
  /** The one chosen shape shows what it can be pulled by. */
  readonly handles?: boolean;
  /** Each click is one more point of such an outline. */
  readonly ring?: "polygon" | "ignore";
  /** The platform answers its clicks: those of the right button are outside. */
  readonly asks?: boolean;
  /** What keys, wheel and slider change. */
  readonly tunes?: "radius" | "tolerance";
  /** Said under the picture, before there is a preview and while there is one. */
  readonly hints?: { readonly idle: Hint; readonly going: Hint };
  /** Null leaves the press to the stage, which shifts the picture. */
  readonly press?: (at: Pointer, paper: Paper) => Gesture | null;
  /** A press that was left to the stage ended where it began. */
  readonly click?: (paper: Paper) => void;
  /** Returns whether it was meant for the tool; on the ground it fits the picture. */
  readonly doubleClick?: (at: Pointer, paper: Paper) => boolean;
  /** Enter. */
  readonly finish?: (paper: Paper) => void;
  /** Drawn at the pointer in the place of a cursor. */
  readonly hover?: (at: Point, paper: Paper) => ReactNode;
}

export type Hint = "wandHint" | "wandMore" | "lassoHint" | "pointHint" | "pointMore";
