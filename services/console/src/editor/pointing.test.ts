import { expect, test } from "vitest";
import { clicked, clicksText, MOST_CLICKS, pointedFor, pointedOf, pointedOut, unclicked, type Pointing } from "./pointing";
import { boxShape, EMPTY } from "./shapes";

const IMAGE = { width: 100, height: 80 };

function after(...places: readonly (readonly [number, number, boolean])[]): Pointing | null {
  return places.reduce<Pointing | null>((so, [x, y, inside]) => clicked(so, [x, y], inside, IMAGE, "new"), null);
}

test("the first click is inside, whatever follows adds to it or takes away", () => {
  expect(after([10, 10, false])).toBeNull();
  const two = after([10, 10, true], [30.26, 20, false]);
  expect(two).toMatchObject({ id: "new", waits: true, shape: null });
  expect(clicksText(two?.clicks ?? [])).toBe("in:10.0,10.0;out:30.3,20.0");
});

test("a click at the very edge is told as one within the image, one behind it is none", () => {
  const edge = after([99.99, 79.99, true]);
  expect(clicksText(edge?.clicks ?? [])).toBe("in:99.8,79.8");
  expect(after([100, 10, true])).toBeNull();
  expect(after([10, -0.1, true])).toBeNull();
});

test("no more clicks than the platform takes", () => {
  const most = after(...Array.from({ length: MOST_CLICKS }, (): [number, number, boolean] => [10, 10, true]));
  expect(most?.clicks).toHaveLength(MOST_CLICKS);
  expect(clicked(most, [11, 11], true, IMAGE, "new")).toBeNull();
});

test("the last click is taken back, and with the only one all", () => {
  const two = after([10, 10, true], [30, 20, true]);
  const one = two && unclicked(two);
  expect(one).toMatchObject({ waits: true, clicks: [{ at: [10, 10], inside: true }] });
  expect(one && unclicked(one)).toBeNull();
});

test("clicks give what the task may hold, the finest first", () => {
  expect(pointedFor(["box", "rotated_box"])).toEqual(["box", "rotated_box"]);
  expect(pointedOf("mask", ["box", "rotated_box"])).toBe("box");
  expect(pointedOf("rotated_box", ["box", "rotated_box"])).toBe("rotated_box");
  expect(pointedOf("polygon", ["polygon", "mask"])).toBe("polygon");
});

test("what was found lies on the drawing under the label at hand", () => {
  const shape = boxShape("new", "box", "", [1, 2, 30, 40]);
  const going: Pointing = { kind: "point", clicks: [], id: "new", shape, waits: false };
  expect(pointedOut(EMPTY, going, "pore").shapes).toEqual([{ ...shape, label: "pore" }]);
  expect(pointedOut(EMPTY, { ...going, shape: null }, "pore")).toBe(EMPTY);
});
