// @vitest-environment happy-dom
import { act, renderHook, waitFor } from "@testing-library/react";
import { useState } from "react";
import { beforeEach, expect, test, vi } from "vitest";
import { PLAIN, START, type Desk } from "./desk";
import type { Point } from "./geometry";
import { maskArea, maskBox, maskOf } from "./masks";
import { mixed } from "./regions";
import { areaOfPath } from "./reshaping";
import { boxShape, shapeOf, type Drawing, type EditedShape } from "./shapes";
import { useEditing, type Asked } from "./useEditing";

const IMAGE = { width: 100, height: 100 };

function block(x: number, y: number, side: number): readonly Point[] {
  return [[x, y], [x + side, y], [x + side, y + side], [x, y + side]];
}

const { opened } = vi.hoisted(() => ({ opened: [] as string[] }));
// A worker is a browser's: what it would find is ten pixels to each side of where it was asked.
vi.mock("./wand", () => ({
  Wand: class {
    constructor(url: string) {
      opened.push(url);
    }
    find([x, y]: Point) {
      return Promise.resolve(areaOfPath(block(x, y, 10), IMAGE));
    }
    close(): void {
      // Nothing to end.
    }
  },
}));

beforeEach(() => {
  opened.length = 0;
});

const MASK = shapeOf("m", "mask", { label: "pore", rle: maskOf(areaOfPath(block(10, 10, 10), IMAGE), [100, 100]) });

function editing(shapes: readonly EditedShape[], part: Partial<Asked> & { readonly on?: Partial<Desk> } = {}) {
  const heard = { onAction: vi.fn(), onIdle: vi.fn(() => false), onTold: vi.fn() };
  const hook = renderHook(
    (props: Partial<Asked>) => {
      const [drawing, change] = useState<Drawing>({ shapes, nothing: false });
      const [desk, onDesk] = useState<Desk>({ ...START, label: "pore", tool: "wand", ...part.on });
      const steps = { drawing, change, mayUndo: false, mayRedo: false, undo: vi.fn(), redo: vi.fn() };
      const asked = { image: IMAGE, outline: () => Promise.reject(new Error("nobody asks")), onRefused: () => undefined, kinds: ["polygon", "mask"] as const, hotkeys: new Map([["1", "pore"], ["2", "scratch"]]), picture: "blob:1", unreadable: false };
      return { drawing, desk, editing: useEditing({ ...asked, ...heard, steps, desk, onDesk, ...part, ...props }) };
    },
    { initialProps: {} },
  );
  const now = () => hook.result.current;
  const perform = (action: Parameters<ReturnType<typeof now>["editing"]["perform"]>[0]): void => act(() => now().editing.perform(action));
  return { ...hook, ...heard, now, perform };
}

test("a label chosen by digit and a nudge while the wand adds to a mask are kept", async () => {
  const { now, perform } = editing([MASK]);
  act(() => now().editing.choose(["m"], false));
  act(() => now().editing.paper.onPress([20, 10], "add"));
  await waitFor(() => expect(now().editing.trial.searching).toBe(false));
  perform({ do: "label", key: "2" });
  perform({ do: "nudge", by: [0, 5] });
  expect(now().editing.trial.kind).toBeNull();
  const [after] = now().drawing.shapes;
  expect(after).toMatchObject({ id: "m", label: "scratch" });
  expect(after?.rle && [maskArea(after.rle), ...(maskBox(after.rle) ?? [])]).toEqual([200, 10, 15, 30, 25]);
});

test("a click before the picture is here is answered when it comes; Enter does not drop it", async () => {
  const { now, perform, rerender } = editing([], { on: { makes: "mask" } });
  rerender({ picture: null });
  act(() => now().editing.paper.onPress([40, 40], "new"));
  perform({ do: "finish" });
  expect(now().editing.trial.searching).toBe(true);
  rerender({ picture: "blob:2" });
  await waitFor(() => expect(now().editing.trial.searching).toBe(false));
  expect(opened).toEqual(["blob:1", "blob:2"]);
  expect(now().editing.trial.shown.shapes).toHaveLength(1);
});

test("what is looked at when the image is left is made as it was on the screen last", async () => {
  const change = vi.fn();
  const steps = { drawing: { shapes: [], nothing: false }, change, mayUndo: false, mayRedo: false, undo: vi.fn(), redo: vi.fn() };
  const { now, unmount } = editing([], { steps });
  act(() => now().editing.paper.onPress([40, 40], "new"));
  await waitFor(() => expect(now().editing.trial.searching).toBe(false));
  const { shown } = now().editing.trial;
  expect(shown.shapes).toHaveLength(1);
  expect(change).not.toHaveBeenCalled();
  unmount();
  expect(change.mock.calls).toEqual([[shown]]);
});

test("a click on a picture that cannot be had is told, before the failure and after it", () => {
  const { now, onTold, rerender } = editing([]);
  rerender({ picture: null });
  act(() => now().editing.paper.onPress([40, 40], "new"));
  expect(onTold).not.toHaveBeenCalled();
  rerender({ picture: null, unreadable: true });
  expect(onTold.mock.calls).toEqual([["noPicture"]]);
  expect(now().editing.trial.kind).toBeNull();
  act(() => now().editing.paper.onPress([40, 40], "new"));
  expect(onTold).toHaveBeenCalledTimes(2);
  expect(now().editing.trial.kind).toBeNull();
});

test("one cut after the other: the next goes through what is not chosen, and what is chosen goes first", () => {
  const [a, b] = [boxShape("a", "polygon", "pore", [10, 10, 30, 30]), boxShape("b", "polygon", "pore", [50, 10, 70, 30])];
  const { now, onTold } = editing([a, b], { on: { tool: "cut" } });
  act(() => now().editing.paper.onCut([20, 0], [20, 50]));
  expect(now().editing.chosen.size).toBe(2);
  act(() => now().editing.paper.onCut([60, 0], [60, 50]));
  expect(now().drawing.shapes).toHaveLength(4);
  expect(onTold).not.toHaveBeenCalled();
  // Both halves of b are chosen: a line through all cuts those two alone.
  act(() => now().editing.paper.onCut([0, 20], [90, 20]));
  expect(now().drawing.shapes).toHaveLength(6);
  act(() => now().editing.paper.onCut([0, 90], [90, 90]));
  expect(onTold.mock.calls).toEqual([["notCut"]]);
});

test("there is a preview of simplifying only where there is something to simplify", () => {
  const polygon = boxShape("a", "polygon", "pore", [10, 10, 30, 30]);
  const { now, onTold, perform } = editing([polygon, MASK]);
  perform({ do: "simplify" });
  act(() => now().editing.choose(["m"], false));
  perform({ do: "simplify" });
  expect(now().editing.trial.kind).toBeNull();
  act(() => now().editing.choose(["a", "m"], false));
  act(() => now().editing.toggle("locked", ["a"]));
  perform({ do: "simplify" });
  expect(onTold.mock.calls).toEqual([["chooseOutline"], ["chooseOutline"], ["chooseOutline"]]);
  act(() => now().editing.toggle("locked", ["a"]));
  perform({ do: "simplify" });
  expect(now().editing.trial.kind).toBe("simplify");
});

test("filling holes says where there is no mask and where there is no hole, and fills one without a word", () => {
  const hole = areaOfPath(block(14, 14, 3), IMAGE);
  const ring = shapeOf("r", "mask", { label: "pore", rle: maskOf(mixed(areaOfPath(block(10, 10, 10), IMAGE), hole, "subtract"), [100, 100]) });
  const { now, onTold, perform } = editing([MASK, ring]);
  perform({ do: "fill holes" });
  act(() => now().editing.choose(["m"], false));
  perform({ do: "fill holes" });
  expect(onTold.mock.calls).toEqual([["chooseMask"], ["noHoles"]]);
  act(() => now().editing.choose(["r"], false));
  perform({ do: "fill holes" });
  expect(now().drawing.shapes[1]?.rle).toEqual(MASK.rle);
  expect(onTold).toHaveBeenCalledTimes(2);
});

test("tolerance and slack stop at the same ends for slider and wheel", () => {
  const { now, perform } = editing([boxShape("a", "polygon", "pore", [10, 10, 30, 30])], { on: { tolerance: 99, slack: 49.5 } });
  const ends = (read: (desk: Desk) => number, steps: readonly (() => void)[]): number[] =>
    steps.map((step) => {
      act(step);
      return read(now().desk);
    });
  const steps = [() => now().editing.trial.wider(1), () => now().editing.trial.wider(1), () => now().editing.trial.set(-5), () => now().editing.trial.set(7)];
  expect(ends(({ tolerance }) => tolerance, steps)).toEqual([100, 100, 0, 7]);
  act(() => now().editing.choose(["a"], false));
  perform({ do: "simplify" });
  expect(ends(({ slack }) => slack, steps)).toEqual([50, 50, 0.5, 7]);
});

test.each<[string, (editing: ReturnType<typeof useEditing>) => void]>([
  ["a drawing tool is taken", (it) => it.perform({ do: "tool polygon" })],
  ["the wand is pressed", (it) => it.paper.onPress([40, 40], "new")],
  ["a box is drawn", (it) => it.paper.onDrawn(boxShape("b", "box", "pore", [1, 1, 9, 9]))],
  ["a polygon is begun", (it) => it.paper.onRing([[1, 1]])],
  ["a polygon is cut", (it) => it.paper.onCut([20, 0], [20, 50])],
  ["a stroke of the brush goes on", (it) => it.paper.onChange([MASK])],
])("the picture alone is left when %s", async (_, act_) => {
  const { now } = editing([boxShape("a", "polygon", "pore", [10, 10, 30, 30])], { on: { look: { ...PLAIN, gamma: 150, original: true } } });
  await act(async () => {
    act_(now().editing);
    await Promise.resolve();
  });
  expect(now().desk.look).toEqual({ ...PLAIN, gamma: 150 });
});

test("the picture alone stays while it is only looked at", () => {
  const { now, perform } = editing([], { on: { look: { ...PLAIN, original: true } } });
  perform({ do: "tool select" });
  perform({ do: "tool pan" });
  expect(now().desk.look.original).toBe(true);
});
