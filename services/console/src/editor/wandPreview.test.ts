import { expect, test } from "vitest";
import { ringArea } from "./geometry";
import { maskArea } from "./masks";
import { areaOfPath, areaOfShape } from "./reshaping";
import { boxShape, EMPTY, shapeOf, type EditedShape } from "./shapes";
import { relabelled, worded } from "./edits";
import { areaSoFar, losesHoles, previewed, type Wanding } from "./wandPreview";

const IMAGE = { width: 300, height: 200 };

function square(id: string, x: number, y: number, side: number): EditedShape {
  return { ...boxShape(id, "polygon", "pore", [x, y, x + side, y + side]), text: "A1" };
}

function wanding(on: EditedShape | null, found: EditedShape, part: Partial<Wanding> = {}): Wanding {
  const base = on === null ? new Map() : areaOfShape(on, IMAGE);
  const piece = areaOfPath(found.points, IMAGE);
  return { kind: "wand", target: on?.id ?? null, base, goesOn: false, how: "add", seed: [0, 0], piece, ids: ["n1", "n2", "n3"], ...part };
}

test("what is relabelled or reworded while the wand adds to it stays so", () => {
  const mask = { ...shapeOf("m", "mask", { label: "pore", text: "A1" }), rle: previewed(EMPTY, wanding(null, square("a", 0, 0, 20)), { as: "mask", label: "pore" }, IMAGE).shapes[0]?.rle ?? null };
  const drawing = { shapes: [mask], nothing: false };
  const going = wanding(mask, square("b", 20, 0, 20));
  const renamed = worded(relabelled(drawing, new Set(["m"]), "scratch"), "m", "B2");
  const [after] = previewed(renamed, going, { as: "mask", label: "crack" }, IMAGE).shapes;
  expect(after).toMatchObject({ id: "m", label: "scratch", text: "B2" });
  expect(after?.rle && maskArea(after.rle)).toBe(800);
});

test("a shape that is gone meanwhile does not come back, and one that nothing was found for stays as it was", () => {
  const one = square("a", 10, 10, 20);
  const drawing = { shapes: [one], nothing: false };
  const going = wanding(one, square("b", 30, 10, 20));
  expect(previewed(EMPTY, going, { as: "polygon", label: "pore" }, IMAGE)).toBe(EMPTY);
  expect(previewed(drawing, { ...going, piece: null }, { as: "polygon", label: "pore" }, IMAGE)).toBe(drawing);
});

const POLYGON = { as: "polygon", label: "pore" } as const;

test("a small spot that is clicked beside a large one is drawn, and stays when a third is clicked", () => {
  const large = wanding(null, square("a", 0, 0, 100));
  const small = { ...wanding(null, square("b", 150, 0, 8)), base: areaSoFar(EMPTY, large, "polygon"), goesOn: true };
  expect(previewed(EMPTY, small, POLYGON, IMAGE).shapes.map(({ points }) => ringArea(points))).toEqual([10_000, 64]);
  const third = { ...wanding(null, square("c", 200, 0, 9)), base: areaSoFar(EMPTY, small, "polygon"), goesOn: true };
  expect(previewed(EMPTY, third, POLYGON, IMAGE).shapes).toHaveLength(3);
});

test("each part of what is found is a polygon of its own, specks are none", () => {
  const piece = new Map([square("a", 5, 5, 20), square("b", 40, 5, 15), square("c", 80, 50, 1)].flatMap(({ points }) => [...areaOfPath(points, IMAGE)]));
  const { shapes } = previewed(EMPTY, { ...wanding(null, square("a", 5, 5, 20)), piece }, POLYGON, IMAGE);
  expect(shapes.map(({ id, points }) => [id, ringArea(points)])).toEqual([["n1", 400], ["n2", 225]]);
});

test("a small chosen polygon stays the one that it is when a large area is added beside it", () => {
  const one = square("a", 200, 100, 9);
  const { shapes } = previewed({ shapes: [one], nothing: false }, wanding(one, square("b", 0, 0, 100)), POLYGON, IMAGE);
  expect(shapes.map(({ id, points }) => [id, ringArea(points)])).toEqual([["a", 81], ["n1", 10_000]]);
});

test("what noise leaves of a polygon is no object, but a part that the wand did not touch is", () => {
  const whole = square("a", 0, 0, 100);
  const drawing = { shapes: [whole], nothing: false };
  // All but a block at the left and one pixel at the right goes.
  const frame = [[60, 0], [100, 0], [100, 98], [98, 98], [98, 99], [99, 99], [99, 100], [60, 100]] as const;
  const going = wanding(whole, { ...whole, points: frame }, { how: "subtract" });
  const rest = previewed(drawing, going, POLYGON, IMAGE).shapes;
  expect(rest.map(({ id, points }) => [id, ringArea(points)])).toEqual([["a", 6000]]);
  const beside = { ...wanding(whole, square("b", 150, 0, 8)) };
  const both = { ...going, base: areaSoFar(drawing, beside, "polygon"), goesOn: true };
  expect(previewed(drawing, both, POLYGON, IMAGE).shapes.map(({ points }) => ringArea(points))).toEqual([6000, 64]);
});

test("a hole that a polygon cannot have is told, one of a mask is none that is lost", () => {
  const one = square("a", 0, 0, 100);
  const going = wanding(one, square("b", 40, 40, 10), { how: "subtract" });
  expect(losesHoles({ shapes: [one], nothing: false }, going, "mask")).toBe(true);
  expect(losesHoles({ shapes: [{ ...one, kind: "mask" }], nothing: false }, going, "polygon")).toBe(false);
  expect(losesHoles({ shapes: [one], nothing: false }, wanding(one, square("b", 90, 40, 30), { how: "subtract" }), "mask")).toBe(false);
});
