import { expect, test } from "vitest";
import { KEYS } from "./keys";
import { hotkeysOf, LABEL_CHORDS, putAt, type LabelLook } from "./labels";

function label(name: string, hotkey = ""): LabelLook {
  return { name, colour: "#0ea5e9", hotkey, note: "" };
}

test("a label keeps its own key wherever it stands, the others share the digits left in their order", () => {
  const keys = hotkeysOf([label("a"), label("b", "1"), label("c", "Shift+K"), label("d")]);
  expect([...keys].sort()).toEqual([["1", "b"], ["2", "a"], ["3", "d"], ["Shift+K", "c"]]);
});

test("of two with one key the first has it; a key of the editor is no label's", () => {
  const keys = hotkeysOf([label("a", "5"), label("b", "5"), label("c", "Shift+S")]);
  expect([...keys].sort()).toEqual([["1", "b"], ["2", "c"], ["5", "a"]]);
  expect(LABEL_CHORDS).not.toContain("Shift+S");
});

test("the platform lets a label have each digit and each letter with Shift that the editor has no use for, and no other", () => {
  const shifted = Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZ", (letter) => `Shift+${letter}`);
  const ofEditor = new Set(Object.values(KEYS).flat());
  expect(LABEL_CHORDS).toEqual([...Array.from("123456789"), ...shifted].filter((chord) => !ofEditor.has(chord)));
});

test("of two hundred labels nine have a digit", () => {
  expect(hotkeysOf(Array.from({ length: 200 }, (_, place) => label(`l${place}`))).size).toBe(9);
});

test("a label put in the place of another moves those between", () => {
  expect(putAt(["a", "b", "c", "d"], "a", "c")).toEqual(["b", "c", "a", "d"]);
  expect(putAt(["a", "b", "c", "d"], "d", "b")).toEqual(["a", "d", "b", "c"]);
  expect(putAt(["a", "b"], "x", "a")).toEqual(["a", "b"]);
});
