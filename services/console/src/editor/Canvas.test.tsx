// @vitest-environment happy-dom
import { act, fireEvent, render } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { coloursInTurn } from "../ui/theme";
import { Canvas } from "./Canvas";
import { START } from "./desk";
import { boxShape, type EditedShape } from "./shapes";
import type { CanvasProps } from "./useGestures";

const A = boxShape("a", "box", "scratch", [10, 10, 30, 20]);
const B = boxShape("b", "box", "pore", [50, 10, 60, 20]);
const NONE: ReadonlySet<string> = new Set();

function drawn(part: Partial<CanvasProps>) {
  const heard = { onRing: vi.fn(), onChoose: vi.fn(), onChange: vi.fn(), onDrawn: vi.fn(), onPointer: vi.fn(), onPress: vi.fn(), onPoint: vi.fn(), onTrace: vi.fn(), onCut: vi.fn() };
  const { container } = render(
    <svg>
      <Canvas
        image={{ width: 100, height: 50 }}
        shapes={[A, B]}
        colours={coloursInTurn(["scratch", "pore"])}
        desk={START}
        chosen={NONE}
        hidden={NONE}
        locked={NONE}
        ignored="ignored"
        ring={[]}
        clicks={[]}
        onTurn={null}
        {...heard}
        {...part}
      />
    </svg>,
  );
  const layer = container.querySelector(".editor");
  if (layer === null) throw new Error("no canvas");
  return { ...heard, layer };
}

test("what is locked stays where it is, whatever is moved beside it", () => {
  const { layer, onChange } = drawn({ chosen: new Set(["a"]), locked: new Set(["a"]) });
  const other = layer.querySelector('[data-shape="b"] polygon');
  if (other === null) throw new Error("no shape");
  fireEvent.pointerDown(other, { button: 0, shiftKey: true, clientX: 55, clientY: 15 });
  fireEvent.pointerMove(layer, { clientX: 58, clientY: 17 });
  fireEvent.pointerUp(layer, { clientX: 58, clientY: 17 });
  const shapes = onChange.mock.lastCall?.[0] as readonly EditedShape[];
  expect(shapes[0]).toBe(A);
  expect(shapes[1]?.points).toEqual([[53, 12], [63, 22]]);
});

test("a drag counts as far as it went, though a slow machine has drawn nothing of it yet", () => {
  const { layer, onChange } = drawn({ chosen: new Set(["b"]) });
  const shape = layer.querySelector('[data-shape="b"] polygon');
  if (shape === null) throw new Error("no shape");
  fireEvent.pointerDown(shape, { button: 0, clientX: 55, clientY: 15 });
  act(() => {
    for (const [clientX, clientY] of [[56, 16], [57, 16], [58, 17]]) fireEvent.pointerMove(layer, { clientX, clientY });
    fireEvent.pointerUp(layer, { clientX: 58, clientY: 17 });
  });
  const shapes = onChange.mock.lastCall?.[0] as readonly EditedShape[] | undefined;
  expect(shapes?.[1]?.points).toEqual([[53, 12], [63, 22]]);
});

test.each([
  [{}, "new"],
  [{ shiftKey: true }, "add"],
  [{ altKey: true }, "subtract"],
] as const)("the lasso draws an outline with the button down; %o means %s", (held, how) => {
  const { layer, onTrace } = drawn({ desk: { ...START, tool: "lasso", label: "pore" } });
  fireEvent.pointerDown(layer, { button: 0, clientX: 10, clientY: 10, ...held });
  for (const [clientX, clientY] of [[20, 10], [40, 10], [40, 40], [10, 40]]) fireEvent.pointerMove(layer, { clientX, clientY });
  fireEvent.pointerUp(layer, { clientX: 10, clientY: 40 });
  expect(onTrace.mock.calls).toEqual([[[[10, 10], [40, 10], [40, 40], [10, 40]], how]]);
});

test("a cut goes from the press to the release, and a press of the wand says where", () => {
  const cut = drawn({ desk: { ...START, tool: "cut" } });
  fireEvent.pointerDown(cut.layer, { button: 0, clientX: 5, clientY: 5 });
  fireEvent.pointerMove(cut.layer, { clientX: 60, clientY: 30 });
  fireEvent.pointerUp(cut.layer, { clientX: 60, clientY: 30 });
  expect(cut.onCut.mock.calls).toEqual([[[5, 5], [60, 30]]]);
  const wand = drawn({ desk: { ...START, tool: "wand", label: "pore" } });
  fireEvent.pointerDown(wand.layer, { button: 0, clientX: 7, clientY: 9 });
  expect(wand.onPress.mock.calls).toEqual([[[7, 9], "new"]]);
});

test("the wheel is the preview's while there is one", () => {
  const onTurn = vi.fn();
  const { layer } = drawn({ desk: { ...START, tool: "wand", label: "pore" }, onTurn });
  expect(fireEvent.wheel(layer, { deltaY: -100 })).toBe(false);
  expect(fireEvent.wheel(layer, { deltaY: 100 })).toBe(false);
  expect(onTurn.mock.calls).toEqual([[1], [-1]]);
});

test("a double click closes a polygon without a second point on its last one", () => {
  const ring = [[10, 10], [30, 10], [30, 30], [30, 31]] as const;
  const { layer, onDrawn } = drawn({ ring, desk: { ...START, tool: "polygon", label: "pore" } });
  fireEvent.doubleClick(layer, { clientX: 30, clientY: 31 });
  expect(onDrawn.mock.lastCall?.[0]).toMatchObject({ kind: "polygon", points: ring.slice(0, 3) });
});
