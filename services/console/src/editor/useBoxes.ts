import { useEffect, useState } from "react";
import { newId } from "../api/ids";
import { moved, type Point, type Size } from "./geometry";
import { begun, redone, stepped, undone } from "./history";
import { commandOf, type Command } from "./keys";
import { nudged, relabelled, without, type EditedBox, type Tool } from "./tools";

export interface BoxEditing {
  readonly boxes: readonly EditedBox[];
  readonly chosen: string | null;
  readonly tool: Tool;
  /** The label of the next box that is drawn. */
  readonly drawLabel: string;
  readonly mayUndo: boolean;
  readonly mayRedo: boolean;
  readonly choose: (id: string | null) => void;
  readonly take: (tool: Tool) => void;
  readonly change: (boxes: readonly EditedBox[]) => void;
  readonly relabel: (label: string) => void;
  readonly do: (command: Command) => void;
}

interface Start {
  readonly boxes: readonly EditedBox[];
  readonly labels: readonly string[];
  readonly image: Size;
}

/** A pasted box lies so far from the one it was copied from that both are seen. */
const PASTE_SHIFT: Point = [12, 12];

/** Boxes under work: every change can be taken back, and the keyboard reaches everything. */
export function useBoxes({ boxes: initial, labels, image }: Start): BoxEditing {
  const [history, setHistory] = useState(() => begun(initial));
  const [chosen, choose] = useState<string | null>(null);
  const [tool, take] = useState<Tool>("select");
  const [copied, copy] = useState<EditedBox | null>(null);
  const [drawLabel, setDrawLabel] = useState(labels[0] ?? "");
  const boxes = history.present;
  const one = boxes.find(({ id }) => id === chosen);
  const change = (next: readonly EditedBox[]): void => setHistory(stepped(history, next));

  const relabel = (label: string): void => {
    setDrawLabel(label);
    if (one !== undefined) change(relabelled(boxes, one.id, label));
  };
  const paste = (source: EditedBox): void => {
    const pasted = { ...source, id: newId(), box: moved(source.box, PASTE_SHIFT, image), score: null };
    change([...boxes, pasted]);
    choose(pasted.id);
    copy(pasted);
  };
  const perform = (command: Command): void => {
    if (command.do === "undo") setHistory(undone(history));
    else if (command.do === "redo") setHistory(redone(history));
    else if (command.do === "tool") take(command.tool);
    else if (command.do === "label") relabel(labels[command.place] ?? drawLabel);
    else if (command.do === "leave") {
      choose(null);
      take("select");
    } else if (command.do === "paste") {
      if (copied !== null) paste(copied);
    } else if (one === undefined) return;
    else if (command.do === "copy") copy(one);
    else if (command.do === "nudge") change(nudged(boxes, one.id, command.by, image));
    else {
      change(without(boxes, one.id));
      choose(null);
    }
  };
  useKeys(perform);
  return {
    boxes,
    chosen: one?.id ?? null,
    tool,
    drawLabel,
    mayUndo: history.past.length > 0,
    mayRedo: history.future.length > 0,
    choose: (id) => {
      choose(id);
      if (id !== null) take("select");
    },
    take,
    change,
    relabel,
    do: perform,
  };
}

function useKeys(perform: (command: Command) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const command = commandOf(event);
      if (command === null) return;
      event.preventDefault();
      perform(command);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}
