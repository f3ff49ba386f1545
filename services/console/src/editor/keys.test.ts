// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { commandOf, type Key } from "./keys";

function pressed(key: string, held: Partial<Key> = {}) {
  return commandOf({ key, ctrlKey: false, metaKey: false, shiftKey: false, target: document.body, ...held });
}

test("undo and redo are where hands expect them", () => {
  expect(pressed("z", { ctrlKey: true })).toEqual({ do: "undo" });
  expect(pressed("z", { metaKey: true })).toEqual({ do: "undo" });
  expect(pressed("Z", { ctrlKey: true, shiftKey: true })).toEqual({ do: "redo" });
  expect(pressed("y", { ctrlKey: true })).toEqual({ do: "redo" });
  expect(pressed("z")).toBeNull();
});

test("arrows shift by one pixel, with the shift key by ten", () => {
  expect(pressed("ArrowLeft")).toEqual({ do: "nudge", by: [-1, 0] });
  expect(pressed("ArrowDown", { shiftKey: true })).toEqual({ do: "nudge", by: [0, 10] });
});

test("digits choose labels by their place", () => {
  expect(pressed("1")).toEqual({ do: "label", place: 0 });
  expect(pressed("0")).toBeNull();
});

test("keys that are typed into a field are the field's", () => {
  const field = document.createElement("input");
  expect(pressed("Delete", { target: field })).toBeNull();
  expect(pressed("Delete")).toEqual({ do: "delete" });
});
