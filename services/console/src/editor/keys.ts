/** What a key means while boxes are edited. */
import type { Point } from "./geometry";
import type { Tool } from "./tools";

export type Command =
  | { readonly do: "undo" | "redo" | "delete" | "copy" | "paste" | "leave" }
  | { readonly do: "tool"; readonly tool: Tool }
  | { readonly do: "nudge"; readonly by: Point }
  /** The label of this place in the list. */
  | { readonly do: "label"; readonly place: number };

export type Key = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "target">;

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** Image pixels of an arrow with the shift key. */
const LONG_STEP = 10;

/** The command of a key; null where it has none, or belongs to a field or an open list. */
export function commandOf({ key, ctrlKey, metaKey, shiftKey, target }: Key): Command | null {
  if (target instanceof HTMLElement && target.closest("input, textarea, [role=listbox], .ant-select")) {
    return null;
  }
  const letter = key.toLowerCase();
  if (ctrlKey || metaKey) {
    if (letter === "z") return { do: shiftKey ? "redo" : "undo" };
    if (letter === "y") return { do: "redo" };
    if (letter === "c") return { do: "copy" };
    return letter === "v" ? { do: "paste" } : null;
  }
  const arrow = ARROWS[key];
  if (arrow !== undefined) {
    const step = shiftKey ? LONG_STEP : 1;
    return { do: "nudge", by: [arrow[0] * step, arrow[1] * step] };
  }
  if (key === "Delete" || key === "Backspace") return { do: "delete" };
  if (key === "Escape") return { do: "leave" };
  if (letter === "v") return { do: "tool", tool: "select" };
  if (letter === "b") return { do: "tool", tool: "draw" };
  return /^[1-9]$/.test(key) ? { do: "label", place: Number(key) - 1 } : null;
}
