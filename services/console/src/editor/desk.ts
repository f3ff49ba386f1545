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

export const CHANNELS = ["all", "red", "green", "blue"] as const;
export type Channel = (typeof CHANNELS)[number];

export interface Look {
  /** Percent of the picture's own. */
  readonly brightness: number;
  readonly contrast: number;
  /** Percent: over 100 lifts what is dark and leaves black and white where they are. */
  readonly gamma: number;
  readonly channel: Channel;
  /** The picture as it came, and nothing on it. */
  readonly original: boolean;
  /** Shapes are shown at all. */
  readonly marks: boolean;
  readonly captions: boolean;
  /** Captions tell how sure the version was. */
  readonly scores: boolean;
  /** Shapes are filled, not only outlined. */
  readonly filled: boolean;
  /** How the picture is cut into tiles, where it is. */
  readonly tiles: boolean;
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

export const PLAIN: Look = {
  brightness: 100,
  contrast: 100,
  gamma: 100,
  channel: "all",
  original: false,
  marks: true,
  captions: true,
  scores: true,
  filled: true,
  tiles: false,
};

/** What is seen: the picture as it came goes before all else. */
export function seenLook(look: Look): Look {
  return look.original ? { ...PLAIN, original: true, marks: false } : look;
}

/** The desk for one who draws: what is drawn is to be seen, so the picture alone does not stay. */
export function showing(desk: Desk): Desk {
  return desk.look.original ? { ...desk, look: { ...desk.look, original: false } } : desk;
}

/** All channels, then each alone, then all again. */
export function nextChannel(channel: Channel): Channel {
  return CHANNELS[(CHANNELS.indexOf(channel) + 1) % CHANNELS.length] ?? "all";
}

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
