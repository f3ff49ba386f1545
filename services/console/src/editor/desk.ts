/** What lies ready while a person goes from image to image: tool, label, copies, and how the picture is looked at. */
import type { ShapeKind } from "../api/annotation";
import type { Makes } from "./reshaping";
import type { EditedShape } from "./shapes";

export const TOOLS = [
  "select",
  "pan",
  "box",
  "rotated_box",
  "polygon",
  "lasso",
  "wand",
  "brush",
  "eraser",
  "cut",
  "ignore",
] as const;
export type Tool = (typeof TOOLS)[number];

export interface Look {
  /** Percent of the picture's own. */
  readonly brightness: number;
  readonly contrast: number;
  /** Shapes are shown at all. */
  readonly marks: boolean;
  readonly captions: boolean;
  /** Shapes are filled, not only outlined. */
  readonly filled: boolean;
}

export interface Desk {
  readonly tool: Tool;
  /** Of the next shape; "" where the project has no label yet. */
  readonly label: string;
  readonly copied: readonly EditedShape[];
  /** The shape drawn last, for one more like it. */
  readonly last: EditedShape | null;
  /** Of the brush, in image pixels. */
  readonly radius: number;
  /** Of the wand: the furthest colour that is still the same, as CIE76 ΔE. */
  readonly tolerance: number;
  /** How far a simplified outline may lie from what it was, in image pixels. */
  readonly slack: number;
  /** What wand and lasso leave, where the task may hold it. */
  readonly makes: Makes;
  readonly look: Look;
}

export const PLAIN: Look = { brightness: 100, contrast: 100, marks: true, captions: true, filled: true };

export const START: Desk = {
  tool: "select",
  label: "",
  copied: [],
  last: null,
  radius: 10,
  tolerance: 12,
  slack: 1,
  makes: "mask",
  look: PLAIN,
};

const NEEDS: Readonly<Record<Tool, readonly ShapeKind[]>> = {
  select: [],
  pan: [],
  box: ["box"],
  rotated_box: ["rotated_box"],
  polygon: ["polygon"],
  lasso: ["polygon", "mask"],
  wand: ["box", "polygon", "mask"],
  brush: ["mask"],
  eraser: ["mask"],
  cut: ["polygon", "mask"],
  ignore: ["box", "rotated_box", "polygon", "mask", "image"],
};

/** The tools for what a task may hold, in the order of their buttons. */
export function toolsFor(kinds: readonly ShapeKind[]): readonly Tool[] {
  return TOOLS.filter((tool) => NEEDS[tool].length === 0 || NEEDS[tool].some((kind) => kinds.includes(kind)));
}

/** The tool that work on an image begins with. */
export function firstTool(kinds: readonly ShapeKind[]): Tool {
  return toolsFor(kinds).find(labels) ?? "select";
}

/** Whether the tool makes shapes that carry a label. */
export function labels(tool: Tool): boolean {
  return !["select", "pan", "eraser", "cut", "ignore"].includes(tool);
}

export function isDrawingTool(tool: Tool): boolean {
  return tool !== "select" && tool !== "pan";
}
