import { expect, test } from "vitest";
import { isOverWhole, merge, settled, stillOpen } from "./merge";
import { boxShape, type Drawing, type EditedShape } from "./shapes";

const A = boxShape("a", "box", "scratch", [10, 10, 30, 20]);
const B = boxShape("b", "box", "pore", [50, 10, 60, 20]);
const C = boxShape("c", "box", "pore", [70, 10, 80, 20]);
const moved = (shape: EditedShape, x: number): EditedShape => ({ ...shape, points: [[x, 10], [x + 10, 20]] });
const of = (...shapes: EditedShape[]): Drawing => ({ shapes, nothing: false });

test("what each did alone is done", () => {
  const { drawing, conflicts } = merge(of(A, B), of(moved(A, 1), B, C), of(A, moved(B, 2)));
  expect(drawing).toEqual(of(moved(A, 1), moved(B, 2), C));
  expect(conflicts).toEqual([]);
});

test("what one deleted and the other left alone is gone", () => {
  expect(merge(of(A, B), of(A), of(A, B)).drawing).toEqual(of(A));
  expect(merge(of(A, B), of(A, B), of(B)).drawing).toEqual(of(B));
});

test("both did the same: nobody is asked, a hundredth of a pixel aside", () => {
  const merged = merge(of(A), of(moved(A, 1)), of(moved(A, 1.001)));
  expect(merged.conflicts).toEqual([]);
  expect(merged.drawing).toEqual(of(moved(A, 1)));
});

test("both changed one shape: mine stays until a person decides", () => {
  const merged = merge(of(A), of(moved(A, 1)), of(moved(A, 5)));
  expect(merged.drawing).toEqual(of(moved(A, 1)));
  expect(merged.conflicts).toEqual([{ id: "a", mine: moved(A, 1), theirs: moved(A, 5) }]);
});

test("one changed what the other deleted: it is kept and asked about", () => {
  expect(merge(of(A), of(), of(moved(A, 5)))).toEqual({
    drawing: of(moved(A, 5)),
    conflicts: [{ id: "a", mine: null, theirs: moved(A, 5) }],
  });
  expect(merge(of(A), of(moved(A, 5)), of()).drawing).toEqual(of(moved(A, 5)));
});

test("a conflict is settled as mine, as theirs, or with both", () => {
  const conflict = { id: "a", mine: moved(A, 1), theirs: moved(A, 5) };
  const drawing = of(moved(A, 1), B);
  const newId = () => "new";
  expect(settled(drawing, conflict, "mine", newId)).toEqual(of(B, moved(A, 1)));
  expect(settled(drawing, conflict, "theirs", newId)).toEqual(of(B, moved(A, 5)));
  expect(settled(drawing, conflict, "both", newId)).toEqual(of(B, moved(A, 1), { ...moved(A, 5), id: "new" }));
  expect(settled(of(B), { ...conflict, theirs: null }, "theirs", newId)).toEqual(of(B));
});

test("mine is the shape as it is now: what was drawn since the conflict stays", () => {
  const conflict = { id: "a", mine: moved(A, 1), theirs: moved(A, 5) };
  expect(settled(of(moved(A, 2)), conflict, "mine", () => "new")).toEqual(of(moved(A, 2)));
});

test("a conflict stands until both agree, with what they have now", () => {
  const conflict = { id: "a", mine: moved(A, 1), theirs: moved(A, 5) };
  expect(stillOpen([conflict], of(moved(A, 2)), of(moved(A, 6)))).toEqual([{ ...conflict, theirs: moved(A, 6) }]);
  expect(stillOpen([conflict], of(moved(A, 6)), of(moved(A, 6)))).toEqual([]);
  expect(stillOpen([{ ...conflict, mine: null }], of(moved(A, 5)), of(moved(A, 5)))).toHaveLength(1);
  expect(stillOpen([{ ...conflict, mine: null }], of(moved(A, 5)), of())).toEqual([]);
});

test("that there is nothing holds until somebody has drawn something", () => {
  const nothing: Drawing = { shapes: [], nothing: true };
  const empty: Drawing = { shapes: [], nothing: false };
  expect(merge(empty, nothing, empty).drawing).toEqual(nothing);
  expect(merge(empty, nothing, of(A)).drawing).toEqual(of(A));
});

const label = (id: string, name: string): EditedShape => ({ ...A, id, kind: "image", label: name, points: [] });

test("two first labels of a whole image: mine stays until a person decides, and there is one in the end", () => {
  const merged = merge(of(), of(label("m", "good")), of(label("t", "bad")));
  expect(merged.drawing).toEqual(of(label("m", "good")));
  expect(merged.conflicts).toHaveLength(1);
  const [conflict] = merged.conflicts;
  if (conflict === undefined) throw new Error("no conflict");
  expect(isOverWhole(conflict)).toBe(true);
  expect(settled(merged.drawing, conflict, "theirs", () => "new")).toEqual(of(label("t", "bad")));
  expect(settled(merged.drawing, conflict, "mine", () => "new")).toEqual(of(label("m", "good")));
  expect(stillOpen([conflict], of(label("m", "bad")), of(label("t", "bad")))).toEqual([]);
});

test("the same first label of two people is no conflict", () => {
  const merged = merge(of(), of(label("m", "good")), of(label("t", "good")));
  expect([merged.drawing.shapes.length, merged.conflicts]).toEqual([1, []]);
});

test("a label that one changed and the other left alone is the new one", () => {
  expect(merge(of(label("b", "good")), of(label("m", "bad")), of(label("b", "good"))).drawing).toEqual(of(label("m", "bad")));
  expect(merge(of(label("b", "good")), of(label("b", "good")), of(label("t", "bad"))).drawing).toEqual(of(label("t", "bad")));
});
