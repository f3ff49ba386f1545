import { expect, test } from "vitest";
import { difference, differenceMarks } from "./comparison";
import { boxShape, EMPTY, shapeOf, type Drawing, type EditedShape } from "./shapes";

const box = (id: string, x: number, label = "scratch") => boxShape(id, "box", label, [x, 0, x + 10, 10]);
const region = (id: string, x: number) => boxShape(id, "ignore", "", [x, 0, x + 10, 10]);
const whole = (id: string, label: string) => shapeOf(id, "image", { label });
const drawing = (...shapes: EditedShape[]): Drawing => ({ shapes, nothing: false });
const ids = (before: Drawing, now: Drawing) => {
  const { gone, changed, added } = difference(before, now);
  return [gone, changed, added].map((shapes) => shapes.map(({ id }) => id));
};

test("each shape that differs is told once: as gone, as changed, or as new", () => {
  expect(ids(drawing(box("a", 0), box("b", 20), box("c", 40)), drawing(box("c", 41), box("a", 0), box("d", 60)))).toEqual([["b"], ["c"], ["d"]]);
  expect(ids(drawing(box("a", 0)), drawing(box("a", 0, "pore")))).toEqual([[], ["a"], []]);
  expect(ids(EMPTY, EMPTY)).toEqual([[], [], []]);
});

test("a changed shape is shown as it was", () => {
  expect(difference(drawing(box("a", 0)), drawing(box("a", 5))).changed).toEqual([box("a", 0)]);
});

test("a region is the same whatever it is called, and moved it is another", () => {
  expect(ids(drawing(region("ignored 0,0", 0)), drawing(region("drawn", 0)))).toEqual([[], [], []]);
  expect(ids(drawing(region("r", 0)), drawing(region("r", 5)))).toEqual([["r"], [], ["r"]]);
});

test("another label of the whole image is a change of it", () => {
  expect(ids(drawing(whole("a", "good")), drawing(whole("b", "bad")))).toEqual([[], ["a"], []]);
});

test("what was lies dashed over what is, each with its word", () => {
  const found = difference(drawing(box("a", 0)), drawing(box("b", 20)));
  const said = { ignored: "ignored", then: (name: string) => `then ${name}`, since: (name: string) => `new ${name}` };
  expect(differenceMarks(found, new Map(), said).map(({ caption, dashed }) => [caption, dashed])).toEqual([
    ["new scratch", false],
    ["then scratch", true],
  ]);
});
