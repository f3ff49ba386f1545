import { expect, test } from "vitest";
import { ringArea, type Point } from "./geometry";
import { maskArea, maskBox } from "./masks";
import { areaOfColumns } from "./regions";
import { areaOfPath, areaOfShape, changedBy, cutShape, joined, makesFor, polygonsOf, shapeOfArea, simplifiedShape, tracedRing, withoutHoles } from "./reshaping";
import { crossesItself } from "./rings";
import { boxShape, isSame, shapeOf, type EditedShape } from "./shapes";

const IMAGE = { width: 100, height: 60 };
const IDS = ["n1", "n2", "n3"];
let made = 0;
const newId = (): string => `new-${(made += 1)}`;

function square(id: string, x: number, y: number, side: number, label = "pore"): EditedShape {
  const points: Point[] = [[x, y], [x + side, y], [x + side, y + side], [x, y + side]];
  return shapeOf(id, "polygon", { label, points, score: 0.5 });
}

function mask(id: string, ...paths: readonly EditedShape[]): EditedShape {
  const { shape } = joined([shapeOf(id, "mask", {}), ...paths], ["mask"], IMAGE);
  return { ...(shape ?? shapeOf(id, "mask", {})), label: "pore" };
}

test("an area becomes what the task may hold", () => {
  const area = areaOfPath([[10, 10], [30, 10], [30, 25], [10, 25]], IMAGE);
  const made = { label: "pore", id: "n1" };
  expect(shapeOfArea(area, { ...made, as: "box" }, IMAGE)).toMatchObject({ id: "n1", kind: "box", points: [[10, 10], [30, 25]] });
  const [polygon] = polygonsOf([area], { label: "pore", ids: IDS });
  expect(polygon?.points).toHaveLength(4);
  expect(polygon && ringArea(polygon.points)).toBe(300);
  const drawn = shapeOfArea(area, { ...made, as: "mask" }, IMAGE);
  expect(drawn?.rle && maskArea(drawn.rle)).toBe(300);
  expect(shapeOfArea(new Map(), { ...made, as: "mask" }, IMAGE)).toBeNull();
  expect(shapeOfArea(areaOfPath([[10, 10], [11, 10], [11, 25], [10, 25]], IMAGE), { ...made, as: "box" }, IMAGE)).toBeNull();
  expect(makesFor(["box", "rotated_box", "polygon"])).toEqual(["polygon", "box"]);
  expect(makesFor(["box", "rotated_box"])).toEqual(["box"]);
});

test("a polygon grows and shrinks by what is drawn over it, but never into two", () => {
  const over: Point[] = [[20, 0], [40, 0], [40, 60], [20, 60]];
  const shape = square("a", 10, 10, 20);
  const grown = changedBy(shape, over, "add", IMAGE);
  expect(grown && ringArea(grown.points)).toBe(1200 + 200);
  expect(grown?.score).toBeNull();
  const less = changedBy(shape, over, "subtract", IMAGE);
  expect(less && ringArea(less.points)).toBe(200);
  expect(changedBy(shape, [[18, 0], [22, 0], [22, 60], [18, 60]], "subtract", IMAGE)).toBeNull();
  expect(changedBy(shape, [[60, 0], [90, 0], [90, 60]], "add", IMAGE)).toBeNull();
  const wiped = changedBy(mask("m", shape), over, "subtract", IMAGE);
  expect(wiped?.rle && maskBox(wiped.rle)).toEqual([10, 10, 20, 30]);
});

test("what touches is joined under the first one's label and id", () => {
  const kinds = ["polygon", "mask"] as const;
  const one = joined([square("a", 10, 10, 20), square("b", 20, 20, 20, "crack")], kinds, IMAGE).shape;
  expect(one).toMatchObject({ id: "a", label: "pore", kind: "polygon" });
  expect(one && ringArea(one.points)).toBe(700);
  expect(joined([square("a", 0, 0, 10), square("b", 50, 20, 10)], kinds, IMAGE).shape).toBeNull();
  const boxes = [boxShape("a", "box", "pore", [5, 5, 10, 10]), boxShape("b", "box", "pore", [40, 1, 50, 8])];
  expect(joined(boxes, ["box"], IMAGE).shape?.points).toEqual([[5, 1], [50, 10]]);
});

test("a join around a gap is a mask with its hole where there are masks, and filled where there are none", () => {
  const bar = (id: string, x: number, y: number, width: number, height: number): EditedShape =>
    shapeOf(id, "polygon", { label: "o", points: [[x, y], [x + width, y], [x + width, y + height], [x, y + height]] });
  const frame = [bar("a", 0, 0, 30, 10), bar("b", 0, 20, 30, 10), bar("c", 0, 5, 10, 20), bar("d", 20, 5, 10, 20)];
  const ring = joined(frame, ["polygon", "mask"], IMAGE).shape;
  expect(ring?.kind).toBe("mask");
  expect(ring?.rle && maskArea(ring.rle)).toBe(800);
  const filled = joined(frame, ["polygon", "box"], IMAGE);
  expect(filled.filled).toBe(true);
  expect(filled.shape && ringArea(filled.shape.points)).toBe(900);
  if (ring === null) throw new Error("no ring");
  expect(areaOfColumns(areaOfShape(withoutHoles(ring), IMAGE))).toBe(900);
  expect(withoutHoles(square("a", 0, 0, 10))).toMatchObject({ id: "a", score: 0.5 });
});

test("a cut leaves the first piece its id, and a mask what the line does not pass", () => {
  const halves = cutShape(square("a", 10, 10, 20), [[0, 20], [50, 20]], IMAGE, newId);
  expect(halves.map(({ points }) => ringArea(points))).toEqual([200, 200]);
  expect(halves[0]?.id).toBe("a");
  const two = mask("m", square("a", 10, 10, 20), square("b", 60, 30, 10));
  const parts = cutShape(two, [[0, 20], [50, 20]], IMAGE, newId);
  expect(parts).toHaveLength(2);
  expect(parts.map(({ rle }) => rle && maskArea(rle)).sort()).toEqual([180, 280]);
  expect(cutShape(two, [[0, 0], [50, 0]], IMAGE, newId)).toEqual([two]);
});

test("a cut along a ragged edge makes no objects of single pixels", () => {
  // Two blocks with a row of teeth, one pixel thick, where the cut goes.
  const teeth = Array.from({ length: 6 }, (_, place) => shapeOf(`t${place}`, "polygon", { points: [[30 + 3 * place, 18], [31 + 3 * place, 18], [31 + 3 * place, 22], [30 + 3 * place, 22]] }));
  const ragged = mask("m", square("a", 10, 10, 20), ...teeth, shapeOf("bar", "polygon", { points: [[30, 18], [48, 18], [48, 19], [30, 19]] }));
  const parts = cutShape(ragged, [[0, 20], [60, 20]], IMAGE, newId);
  expect(parts).toHaveLength(2);
  expect(Math.min(...parts.map(({ rle }) => (rle === null ? 0 : maskArea(rle))))).toBeGreaterThan(100);
  // Where the blade frees nothing but crumbs there is no cut.
  const knob = mask("m", square("a", 10, 10, 20), square("b", 30, 15, 2));
  expect(cutShape(knob, [[30.5, 0], [30.5, 50]], IMAGE, newId)).toEqual([knob]);
});

test("a simpler ring is another shape, one that is simple already is the same", () => {
  const stairs = shapeOf("a", "polygon", { points: [[0, 0], [5, 0.4], [10, 0], [10, 10], [0, 10]], score: 0.9 });
  expect(simplifiedShape(stairs, 1)).toMatchObject({ points: [[0, 0], [10, 0], [10, 10], [0, 10]], score: null });
  expect(simplifiedShape(stairs, 0.1)).toBe(stairs);
  expect(isSame(simplifiedShape(boxShape("b", "box", "x", [0, 0, 5, 5]), 9), boxShape("b", "box", "x", [0, 0, 5, 5]))).toBe(true);
});

test("a hand's path is an outline inside the image; a click is none", () => {
  const circle = Array.from({ length: 90 }, (_, step): Point => [50 + 60 * Math.cos(step / 14.3), 30 + 20 * Math.sin(step / 14.3)]);
  const ring = tracedRing(circle, 1, IMAGE);
  expect(ring?.every(([x]) => x >= 0 && x <= 100)).toBe(true);
  expect(ring && ring.length < 30).toBe(true);
  expect(tracedRing([[5, 5], [5, 6]], 1, IMAGE)).toBeNull();
});

test.each<[string, readonly Point[]]>([
  ["three points in a line", [[10, 10], [11, 10], [12, 10]]],
  ["a long line", [[10, 10], [30, 30], [50, 50]]],
  ["a jittered click", [[10, 10], [11, 10], [11, 11]]],
  ["a stroke outside the image", [[110, 10], [140, 20], [120, 50], [105, 30]]],
])("%s encloses nothing, so the lasso draws nothing", (_, path) => {
  expect(tracedRing(path, 0.5, IMAGE)).toBeNull();
});

test("what is small and round is drawn all the same", () => {
  expect(tracedRing([[10, 10], [12, 10], [12, 12], [10, 12]], 0.5, IMAGE)).toHaveLength(4);
});

test("a hand's path that overshoots its start is one outline without a hole", () => {
  const turn = Array.from({ length: 70 }, (_, step): Point => {
    const angle = (step / 60) * 2 * Math.PI;
    const far = 20 - step / 20;
    return [50 + far * Math.cos(angle), 30 + far * Math.sin(angle)];
  });
  const ring = tracedRing([...turn, [70, 20], [75, 30]], 0.5, IMAGE) ?? [];
  expect(ring.length).toBeGreaterThan(3);
  expect(crossesItself(ring)).toBe(false);
  expect(Math.abs(areaOfColumns(areaOfPath(ring, IMAGE)) - ringArea(ring))).toBeLessThan(20);
});
