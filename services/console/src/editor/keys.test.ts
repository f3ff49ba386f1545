// @vitest-environment happy-dom
import { expect, test } from "vitest";
import { keymapOf } from "./keymap";
import { commandOf, KEYS, type Key } from "./keys";

const { actions } = keymapOf({});

function pressed(key: string, held: Partial<Key> = {}) {
  const none = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
  return commandOf({ key, ...none, target: document.body, ...held }, actions);
}

test("undo and redo are where hands expect them", () => {
  expect(pressed("z", { ctrlKey: true })).toEqual({ do: "undo" });
  expect(pressed("z", { metaKey: true })).toEqual({ do: "undo" });
  expect(pressed("Z", { ctrlKey: true, shiftKey: true })).toEqual({ do: "redo" });
  expect(pressed("y", { ctrlKey: true })).toEqual({ do: "redo" });
  expect(pressed("z")).toEqual({ do: "propose" });
});

test("arrows shift by one pixel, with the shift key by ten", () => {
  expect(pressed("ArrowLeft")).toEqual({ do: "nudge", by: [-1, 0] });
  expect(pressed("ArrowDown", { shiftKey: true })).toEqual({ do: "nudge", by: [0, 10] });
});

test("digits, and Shift with a letter that the editor has no use for, choose labels", () => {
  expect(pressed("1")).toEqual({ do: "label", key: "1" });
  expect(pressed("9")).toEqual({ do: "label", key: "9" });
  expect(pressed("K", { shiftKey: true })).toEqual({ do: "label", key: "Shift+K" });
  expect(pressed("1", { ctrlKey: true })).toBeNull();
});

test("signs are taken as they are typed, whatever key they need", () => {
  expect(pressed("?", { shiftKey: true })).toEqual({ do: "help" });
  expect(pressed("+", { shiftKey: true })).toEqual({ do: "larger" });
});

test("no two actions share a key", () => {
  const chords = Object.values(KEYS).flat();
  expect(new Set(chords).size).toBe(chords.length);
});

test("keys that are typed into a field, pressed on a button or in a dialog are theirs", () => {
  const field = document.createElement("input");
  const button = document.createElement("button");
  const dialog = document.createElement("div");
  dialog.setAttribute("role", "dialog");
  expect(pressed("Delete", { target: field })).toBeNull();
  expect(pressed("Enter", { target: button })).toBeNull();
  expect(pressed("Delete", { target: button })).toEqual({ do: "delete" });
  expect(pressed("Delete", { target: dialog })).toBeNull();
  expect(pressed("Delete")).toEqual({ do: "delete" });
});

test("a slider keeps the keys that move it and leaves the others", () => {
  const slider = document.createElement("div");
  slider.setAttribute("role", "slider");
  for (const key of ["ArrowLeft", "ArrowUp", "Home", "End", "PageDown"]) expect(pressed(key, { target: slider })).toBeNull();
  expect(pressed("ArrowUp", { target: slider, ctrlKey: true })).toBeNull();
  expect(pressed("Enter", { target: slider })).toEqual({ do: "finish" });
  expect(pressed("Escape", { target: slider })).toEqual({ do: "leave" });
  expect(pressed("s", { target: slider, ctrlKey: true })).toEqual({ do: "save" });
  expect(pressed("2", { target: slider })).toEqual({ do: "label", key: "2" });
});
