import type { ShapeKind } from "../../api/annotation";
import { box } from "./box";
import { brush } from "./brush";
import { cut } from "./cut";
import { eraser } from "./eraser";
import { ignore } from "./ignore";
import { lasso } from "./lasso";
import { pan } from "./pan";
import { point } from "./point";
import { polygon } from "./polygon";
import { rotatedBox } from "./rotatedBox";
import { select } from "./select";
import type { Tool } from "./tool";
import { wand } from "./wand";

/** Every tool, in the order of the buttons; keys, tool bar, dialog of hotkeys and canvas know no others. */
export const TOOLS = {
  select,
  pan,
  box,
  rotated_box: rotatedBox,
  polygon,
  lasso,
  point,
  wand,
  brush,
  eraser,
  cut,
  ignore,
} satisfies Readonly<Record<string, Tool>>;

export type ToolName = keyof typeof TOOLS;

export const TOOL_NAMES = Object.keys(TOOLS) as ToolName[];

/** The tools for what a task may hold. */
export function toolsFor(kinds: readonly ShapeKind[]): readonly ToolName[] {
  return TOOL_NAMES.filter((name) => TOOLS[name].kinds?.some((kind) => kinds.includes(kind)) ?? true);
}

/** The tool that work on an image begins with. */
export function firstTool(kinds: readonly ShapeKind[]): ToolName {
  return toolsFor(kinds).find((name) => TOOLS[name].labelled) ?? "select";
}
