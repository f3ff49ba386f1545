/** What lies ready while a person goes from image to image: tool, label, copies, and how the picture is looked at. */
import type { Pointed } from "./pointing";
import type { Makes } from "./reshaping";
import type { EditedShape } from "./shapes";
import type { ToolName } from "./tools/table";

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
  readonly tool: ToolName;
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
  /** What clicks on an object give, where the task may hold it. */
  readonly pointed: Pointed;
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
  pointed: "mask",
  look: PLAIN,
};
