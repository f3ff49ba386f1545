/** Which key does what in the editor: one table for the keys, the hints on buttons and the dialog of hotkeys. */
import { FACTS } from "../api/generated/facts";
import type { Point } from "./geometry";
import { TOOL_NAMES, TOOLS, type ToolName } from "./tools/table";

type ToolAction = `tool ${ToolName}`;

export type Action =
  | ToolAction
  | "undo"
  | "redo"
  | "delete"
  | "copy"
  | "paste"
  | "repeat"
  | "all"
  | "next shape"
  | "previous shape"
  | "finish"
  | "join"
  | "simplify"
  | "fill holes"
  | "wider"
  | "narrower"
  | "leave"
  | "front"
  | "back"
  | "hide"
  | "lock"
  | "labels"
  | "text"
  | "nothing"
  | "marks"
  | "captions"
  | "outlines"
  | "scores"
  | "original"
  | "channel"
  | "tiles"
  | "larger"
  | "smaller"
  | "fit"
  | "next"
  | "previous"
  | "next unlabelled"
  | "next unsure"
  | "propose"
  | "next proposal"
  | "previous proposal"
  | "accept all"
  | "save"
  | "submit"
  | "accept"
  | "send back"
  | "help";

export type Command =
  | { readonly do: Action }
  | { readonly do: "nudge"; readonly by: Point }
  /** The label that has this key, if one has. */
  | { readonly do: "label"; readonly key: string };

/** Which chords do an action, as {@link chordOf} tells them; the first is the one that is shown. */
export type Keys = Readonly<Record<Action, readonly string[]>>;

/** Before anybody changes them: {@link ./keymap}. */
export const KEYS: Keys = {
  ...(Object.fromEntries<readonly string[]>(TOOL_NAMES.map((name) => [`tool ${name}`, [TOOLS[name].key]])) as Record<ToolAction, readonly string[]>),
  undo: ["Ctrl+Z"],
  redo: ["Ctrl+Y", "Ctrl+Shift+Z"],
  delete: ["Delete", "Backspace"],
  copy: ["Ctrl+C"],
  paste: ["Ctrl+V"],
  repeat: ["N"],
  all: ["Ctrl+A"],
  "next shape": ["."],
  "previous shape": [","],
  finish: ["Enter"],
  leave: ["Escape"],
  join: ["U"],
  simplify: ["Y"],
  "fill holes": ["G"],
  wider: ["Ctrl+ArrowUp"],
  narrower: ["Ctrl+ArrowDown"],
  front: ["]"],
  back: ["["],
  hide: ["J"],
  lock: ["K"],
  labels: ["L"],
  text: ["T"],
  nothing: ["X"],
  marks: ["S"],
  captions: ["C"],
  outlines: ["O"],
  scores: ["Shift+S"],
  original: ["Shift+O"],
  channel: ["Shift+C"],
  tiles: ["Shift+G"],
  larger: ["+", "="],
  smaller: ["-"],
  fit: ["0"],
  next: ["D", "PageDown"],
  previous: ["A", "PageUp"],
  "next unlabelled": ["F"],
  "next unsure": ["\\"],
  propose: ["Z"],
  "next proposal": [";", "Ctrl+ArrowRight"],
  "previous proposal": ["'", "Ctrl+ArrowLeft"],
  "accept all": ["Ctrl+Enter"],
  save: ["Ctrl+S"],
  submit: ["F2"],
  accept: ["F8"],
  "send back": ["F9"],
  help: ["?"],
};

/** What only some pages around the editor do, and for some people. */
export const PAGE_ACTIONS: ReadonlySet<Action> = new Set(["next unsure", "submit", "accept", "send back"]);

export type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey" | "target">;

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** Image pixels of an arrow with the shift key. */
const LONG_STEP = 10;
/** What a key typed there is for. */
const FIELDS = "input:not([type=checkbox]):not([type=radio]), textarea, [role=listbox], .ant-select";
/** A slider moves by these alone. */
const SLIDING: ReadonlySet<string> = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"]);
const ABOVE = "[role=dialog], .ant-popover, .ant-dropdown";

/** What labels may have. */
export const LABEL_KEYS: ReadonlySet<string> = new Set(FACTS.label_hotkeys);

export function chordOf({ key, ctrlKey, metaKey, shiftKey }: Omit<Key, "altKey" | "target">): string {
  const named = key.length > 1 || /[a-z]/i.test(key);
  const held = `${ctrlKey || metaKey ? "Ctrl+" : ""}${shiftKey && named ? "Shift+" : ""}`;
  return held + (key.length === 1 ? key.toUpperCase() : key);
}

/** The command that a key has among these; null where it has none, or belongs to a field, a dialog or a button. */
export function commandOf(pressed: Key, actions: ReadonlyMap<string, Action>): Command | null {
  const { key, ctrlKey, metaKey, shiftKey, altKey, target } = pressed;
  if (altKey) return null;
  if (target instanceof Element) {
    if (target.closest(`${FIELDS}, ${ABOVE}`) !== null) return null;
    if (SLIDING.has(key) && target.closest("[role=slider]") !== null) return null;
    if (key === "Enter" && target.closest("button, a, [role=button]") !== null) return null;
  }
  const arrow = ARROWS[key];
  if (arrow !== undefined && !ctrlKey && !metaKey) {
    const step = shiftKey ? LONG_STEP : 1;
    return { do: "nudge", by: [arrow[0] * step, arrow[1] * step] };
  }
  const chord = chordOf(pressed);
  const action = actions.get(chord);
  if (action !== undefined) return { do: action };
  return LABEL_KEYS.has(chord) ? { do: "label", key: chord } : null;
}
