import { expect, test } from "vitest";
import { START } from "./desk";
import { added, classified, copies, nudged, relabelled, removed, reordered, worded } from "./edits";
import type { Point } from "./geometry";
import { boxOf, boxShape, EMPTY, outlineOf, shapeOf, toWire, type Drawing, type EditedShape } from "./shapes";
import { drawnBox } from "./tools/boxes";
import { bending, framed, moving, pulling, turning } from "./tools/select";
import { stroked } from "./tools/strokes";
import { firstTool, toolsFor } from "./tools/table";
import type { Gesture, Paper, Pointer } from "./tools/tool";

const IMAGE = { width: 100, height: 50 };
const A: EditedShape = { ...boxShape("a", "box", "scratch", [10, 10, 30, 20]), score: 0.8 };
const B: EditedShape = { ...boxShape("b", "box", "pore", [50, 10, 60, 20]), score: 0.6 };
const RING = shapeOf("r", "polygon", { label: "scratch", points: [[0, 0], [10, 0], [10, 10]] });
const BOTH: Drawing = { shapes: [A, B], nothing: false };
const only = (...ids: string[]) => new Set(ids);
const pointer = (at: Point, shift = false): Pointer => ({ at, pixel: 1, how: "new", shift, ctrl: false, target: null });

/** The shapes while the pointer is there. */
function during(shapes: readonly EditedShape[], gesture: Gesture, to: Pointer): readonly EditedShape[] {
  const none: ReadonlySet<string> = new Set();
  const unheard = (): void => undefined;
  const heard = { onRing: unheard, onChoose: unheard, onChange: unheard, onDrawn: unheard, onPress: unheard, onPoint: unheard, onTrace: unheard, onCut: unheard };
  const paper: Paper = { image: IMAGE, shapes, desk: START, chosen: none, hidden: none, locked: none, ring: [], clicks: [], ...heard };
  return gesture.move?.(to, paper).shapes?.(paper) ?? shapes;
}

test("a shape that a person moved or pulled has no score of the version any more, the others keep theirs", () => {
  const shifted = during([A, B], moving(only("a"), pointer([0, 0])), pointer([5, 5]));
  expect(shifted).toEqual([{ ...A, points: [[15, 15], [35, 25]], score: null }, B]);
  const pulled = during([A, B], pulling("b", "se", pointer([60, 20])), pointer([70, 30]));
  expect(pulled[1]).toEqual({ ...B, points: [[50, 10], [70, 30]], score: null });
});

test("a click moves nothing: the same shape comes back, score and all", () => {
  const [same] = during([A], moving(only("a"), pointer([7, 7])), pointer([7, 7]));
  expect(same).toBe(A);
  expect(nudged(BOTH, only("a"), [0, 0], IMAGE).shapes[0]).toBe(A);
});

test("several shapes move together and stop together at the edge", () => {
  const { shapes } = nudged(BOTH, only("a", "b"), [500, 0], IMAGE);
  expect(shapes.map((shape) => boxOf(shape))).toEqual([[50, 10, 70, 20], [90, 10, 100, 20]]);
});

test("a point of a polygon is pulled alone and stays inside the image", () => {
  const [ring] = during([RING], bending("r", 1, pointer([10, 0])), pointer([200, -5]));
  expect(ring?.points).toEqual([[0, 0], [100, 0], [10, 10]]);
});

test("a box is turned freely, or by steps of 15 degrees", () => {
  const turn = boxShape("t", "rotated_box", "scratch", [40, 20, 60, 30]);
  const at = (steps: boolean) => during([turn], turning("t", pointer([50, 0])), pointer([90, 22], steps))[0]?.angle;
  expect(at(false)).toBeCloseTo(85.7, 1);
  expect(at(true)).toBe(90);
});

test("drawing leaves a box in any direction, a click leaves none", () => {
  expect(drawnBox([30, 20], [10, 10], IMAGE)).toEqual([10, 10, 30, 20]);
  expect(drawnBox([30, 20], [30, 21], IMAGE)).toBeNull();
});

test("a frame chooses what it touches", () => {
  expect(framed([A, B], [0, 0, 12, 12])).toEqual(["a"]);
  expect(framed([A, B], [0, 0, 100, 50])).toEqual(["a", "b"]);
});

test("a brush makes a mask of the image's size and an eraser can take all of it away", () => {
  const start = shapeOf("m", "mask", { label: "scratch" });
  const drawn = stroked(start, [[20, 20], [40, 20]], { radius: 4, wipes: false }, IMAGE);
  expect(drawn.rle?.size).toEqual([50, 100]);
  expect(outlineOf(drawn)).toEqual([[16, 16], [44, 16], [44, 24], [16, 24]]);
  expect(stroked(drawn, [[20, 20], [40, 20]], { radius: 6, wipes: true }, IMAGE).rle).toBeNull();
});

test("another label is a person's word; the same one is not, and an ignore region has none", () => {
  expect(relabelled(BOTH, only("a"), "pore").shapes[0]).toEqual({ ...A, label: "pore", score: null });
  expect(relabelled(BOTH, only("a"), "scratch")).toBe(BOTH);
  const ignored: Drawing = { shapes: [shapeOf("i", "ignore", { points: RING.points })], nothing: false };
  expect(relabelled(ignored, only("i"), "pore")).toBe(ignored);
});

test("whoever draws something takes back that there is nothing; deleting all does not say it", () => {
  const drawn = added({ shapes: [], nothing: true }, A);
  expect(drawn.nothing).toBe(false);
  expect(removed(drawn, only("a"))).toEqual(EMPTY);
  expect(removed(drawn, only("b"))).toBe(drawn);
});

test("shapes go to the front and to the back without changing their own order", () => {
  const three: Drawing = { shapes: [A, B, RING], nothing: false };
  expect(reordered(three, only("a"), "front").shapes.map(({ id }) => id)).toEqual(["b", "r", "a"]);
  expect(reordered(three, only("b", "r"), "back").shapes.map(({ id }) => id)).toEqual(["b", "r", "a"]);
});

test("copies have ids of their own, no score, and lie inside the image", () => {
  const [copy] = copies([A], { by: [90, 0], image: IMAGE, newId: () => "new" });
  expect(copy).toEqual({ ...A, id: "new", score: null, points: [[80, 10], [100, 20]] });
});

test("copies from a larger image come in, and are cut where they are larger than this one", () => {
  const far = [boxShape("f", "box", "pore", [300, 200, 320, 210]), boxShape("w", "box", "pore", [50, 5, 250, 15])];
  const laid = copies(far, { by: [0, 0], image: IMAGE, newId: () => "new" });
  expect(laid.map(({ points }) => points)).toEqual([[[80, 40], [100, 50]], [[0, 5], [100, 15]]]);
});

test("a mask is not copied to an image of another size", () => {
  const mask = stroked(shapeOf("m", "mask", { label: "x" }), [[20, 20], [20, 20]], { radius: 4, wipes: false }, IMAGE);
  const by = { by: [0, 0], newId: () => "new" } as const;
  expect(copies([mask], { ...by, image: IMAGE })).toHaveLength(1);
  expect(copies([mask], { ...by, image: { width: 90, height: 50 } })).toHaveLength(0);
});

test("an image has one label, and the same one again takes it away", () => {
  const good = shapeOf("g", "image", { label: "good" });
  const once = classified(EMPTY, good);
  expect(classified(once, shapeOf("h", "image", { label: "bad" })).shapes.map(({ label }) => label)).toEqual(["bad"]);
  expect(classified(once, good)).toEqual(EMPTY);
});

test("a label of the whole image leaves its ignore regions as they are, and an image never has two", () => {
  const region = shapeOf("i", "ignore", { points: RING.points });
  const [good, bad] = ["good", "bad"].map((label) => shapeOf(label, "image", { label })) as [EditedShape, EditedShape];
  const marked: Drawing = { shapes: [region], nothing: false };
  const labelled = classified(marked, good);
  expect(labelled.shapes).toEqual([region, good]);
  expect(classified(labelled, bad).shapes).toEqual([region, bad]);
  expect(classified(labelled, { ...good, id: "again" })).toEqual(marked);
  expect(added(labelled, bad).shapes).toEqual([region, bad]);
  expect(toWire(labelled)).toMatchObject({ shapes: [{ label: "good" }], ignore_regions: [{ points: RING.points }] });
});

test("what is not to be looked at can be drawn on an image that is labelled as a whole, but no object", () => {
  expect(toolsFor(["image"])).toEqual(["select", "pan", "ignore"]);
  expect([firstTool(["image"]), firstTool(["box", "rotated_box"])]).toEqual(["select", "box"]);
});

test("what characters say is typed by a person", () => {
  expect(worded(BOTH, "a", "L0T 7").shapes[0]).toEqual({ ...A, text: "L0T 7", score: null });
});
